import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { hidden, looksSensitive, type MessageType } from '@/core/message'
import { createableRoles, type Actor } from '@/core/permissions'
import { faultsByField, plainWords, type SendMessageRequest } from '@/core/requests'
import { roleLabel } from '@/core/roles'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { lockUserByAddress } from '@/db/users'
import { isTemplateName, templates, type Secret, type Template, type TemplateName } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { auditNameOf, nameOf, type Asked } from './actor'
import type { Context } from './context'
import { plainBody, publishQueued, queueMail, type Mail } from './queue-mail'
import { loginUrl, refuseInvitation } from './welcome-mail'

export type SentMessage = { id: string; sensitive: boolean }

/** Queues one mail for delivery. Once this returns, it is never lost. */
export async function sendMessage(
  context: Context,
  { actor, requestId }: Asked,
  request: SendMessageRequest,
): Promise<SentMessage> {
  const from = checkedFrom(context.config, request.from)
  const { queued, sensitive } = await context.db.transaction(async (tx) => {
    const content = await contentOf(context, tx, actor, request)
    const mail: Mail = {
      ...content,
      from,
      to: request.to,
      replyTo: request.reply_to ?? null,
      priority: request.priority ?? (content.type === 'password_reset' ? 'high' : 'normal'),
      createdByName: nameOf(actor),
    }
    const queued = await queueMail(context, tx, mail)
    await writeAudit(tx, {
      actor: auditNameOf(actor),
      action: 'message.queued',
      target: `message:${queued.id}`,
      detail: { template: mail.template, type: mail.type },
      requestId,
    })
    return { queued, sensitive: mail.sensitive }
  })
  await publishQueued(context, queued)
  return { id: queued.id, sensitive }
}

const invalid = (field: string, message: string) => new AppError('invalid', message, { [field]: message })

/** Nobody sends in the name of a domain that is not ours. */
function checkedFrom({ SMTP_USER }: WebConfig, from: string | undefined): string {
  if (from === undefined) return SMTP_USER
  const domain = SMTP_USER.slice(SMTP_USER.indexOf('@'))
  if (!sameAddressKey(from).endsWith(sameAddressKey(domain))) {
    throw invalid('from', `Mail is sent from ${SMTP_USER} or another address of its domain.`)
  }
  return from
}

type Content = Pick<Mail, 'type' | 'template' | 'subject' | 'data' | 'sensitive' | 'secret' | 'userId'>

const isSecurityMail = (type: MessageType) => type !== 'notification'

async function contentOf(
  { config }: Context,
  tx: Transaction,
  actor: Actor,
  request: SendMessageRequest,
): Promise<Content> {
  const { template, message, subject } = request
  if (!isTemplateName(template)) {
    throw invalid('template', `There is no such template; there are: ${Object.keys(templates).join(', ')}.`)
  }
  if (template !== 'plain') return accountMail(config, tx, actor, request, template)
  // The request schema has asked for both already.
  if (message === undefined || subject === undefined) throw invalid('message', 'This field is needed.')
  const type = request.type ?? 'notification'
  const sensitive =
    (request.sensitive ?? false) || isSecurityMail(type) || looksSensitive(message) || message === hidden
  return { type, template, subject, sensitive, userId: null, ...plainBody(message, sensitive) }
}

/**
 * Mail with a one-time link: only for the holder of an account, and in the words of that account. The account stays
 * locked, so that it is still there when the mail is written.
 */
async function accountMail(
  config: WebConfig,
  tx: Transaction,
  actor: Actor,
  request: SendMessageRequest,
  name: Exclude<TemplateName, 'plain'>,
): Promise<Content> {
  const type: MessageType = name === 'welcome' ? 'welcome' : 'password_reset'
  if (request.type !== undefined && request.type !== type) {
    throw invalid('type', `The template ${name} is always of the type ${type}.`)
  }
  const user = await lockUserByAddress(tx, request.to)
  if (user === null || (name !== 'welcome' && user.status !== 'active')) {
    throw invalid('to', 'This template needs an active account with that address.')
  }
  if (name === 'welcome') {
    refuseInvitation(actor, user)
  } else if (!createableRoles(actor).includes(user.role)) {
    throw new AppError(
      'forbidden',
      `You may not reset the password of an account with the role ${roleLabel(user.role)}.`,
    )
  }
  const account = {
    first_name: user.firstName,
    email: user.email,
    ...(name === 'welcome'
      ? {
          last_name: user.lastName,
          role: user.role,
          first_sign_in: 'link',
          login_url: loginUrl(config, user.role),
        }
      : {}),
  }
  const template: Template<unknown, Secret> = templates[name]
  const data = template.data.safeParse({ ...request.data, ...account }, { error: plainWords })
  if (!data.success) {
    const faults = Object.entries(faultsByField(data.error)).map(([field, fault]) => [`data.${field}`, fault])
    throw new AppError('invalid', `The data does not fit the template ${name}.`, Object.fromEntries(faults))
  }
  return {
    type,
    template: name,
    subject: request.subject ?? template.subject(data.data),
    data: data.data as Record<string, unknown>,
    sensitive: true,
    secret: null,
    userId: user.id,
  }
}
