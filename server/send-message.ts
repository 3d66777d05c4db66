import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { hidden, looksSensitive, type MessageType } from '@/core/message'
import type { Actor } from '@/core/permissions'
import type { SendMessageRequest } from '@/core/requests'
import { judgeSendAt } from '@/db/accept-message'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { lockUserByAddress } from '@/db/users'
import { isNotice, isTemplateName, templates } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { accountContent, refuseAccountMail, typeOfAccountMail, type AccountTemplate } from './account-mail'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { plainBody, publishQueued, queueMail, type Mail } from './queue-mail'

export type SentMessage = {
  id: string
  sensitive: boolean
  /** When it was asked to go out; null: at once. */
  send_at: string | null
}

/** Queues one mail for delivery. Once this returns, it is never lost. */
export async function sendMessage(
  context: Context,
  asked: AskedOnce<SentMessage>,
  request: SendMessageRequest,
): Promise<SentMessage> {
  const { actor } = asked
  const from = checkedFrom(context.config, request.from)
  const { result, queued } = await writeOnce(context, asked, async (tx) => {
    const sendAt = await checkedSendAt(tx, request.send_at)
    const content = await contentOf(context, tx, actor, request)
    const mail: Mail = {
      ...content,
      askedBy: actor,
      from,
      to: request.to,
      replyTo: request.reply_to ?? null,
      priority: request.priority ?? (content.type === 'password_reset' ? 'high' : 'normal'),
      createdByName: nameOf(actor),
      sendAt,
      onAmbiguous: request.on_ambiguous,
    }
    const queued = await queueMail(context, tx, mail)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'message.queued',
      target: `message:${queued.id}`,
      detail: { template: mail.template, type: mail.type, ...(sendAt === null ? {} : { send_at: sendAt }) },
    })
    return { result: { id: queued.id, sensitive: mail.sensitive, send_at: sendAt }, queued }
  })
  await publishQueued(context, queued)
  return result
}

const invalid = (field: string, message: string) => new AppError('invalid', message, { [field]: message })

async function checkedSendAt(tx: Transaction, sendAt: string | undefined): Promise<string | null> {
  if (sendAt === undefined) return null
  const judged = await judgeSendAt(tx, sendAt)
  if (judged === 'past') throw invalid('send_at', 'This time has passed. Leave send_at out to send it now.')
  if (judged === 'too_far') throw invalid('send_at', 'This is more than 30 days ahead, which is the most.')
  return sendAt
}

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
  if (!isTemplateName(template) || isNotice(template)) {
    const known = Object.keys(templates).filter((name) => isTemplateName(name) && !isNotice(name))
    throw invalid('template', `There is no such template; there are: ${known.join(', ')}.`)
  }
  if (template !== 'plain') return accountMail(config, tx, actor, request, template)
  // The request schema has asked for both already.
  if (message === undefined || subject === undefined) throw invalid('message', 'This field is needed.')
  const type = request.type ?? 'notification'
  const sensitive =
    (request.sensitive ?? false) || isSecurityMail(type) || looksSensitive(message) || message === hidden
  return { type, template, subject, sensitive, userId: null, ...plainBody(message, sensitive) }
}

/** Only for the holder of an account, who stays locked, so that the account is still there when the mail is written. */
async function accountMail(
  config: WebConfig,
  tx: Transaction,
  actor: Actor,
  request: SendMessageRequest,
  name: AccountTemplate,
): Promise<Content> {
  const type = typeOfAccountMail(name)
  if (request.type !== undefined && request.type !== type) {
    throw invalid('type', `The template ${name} is always of the type ${type}.`)
  }
  const user = await lockUserByAddress(tx, request.to)
  if (user === null || (name !== 'welcome' && user.status !== 'active')) {
    throw invalid('to', 'This template needs an active account with that address.')
  }
  refuseAccountMail(actor, user, name)
  const { data, subject } = accountContent(config, user, name, request.data ?? {})
  return {
    type,
    template: name,
    subject: request.subject ?? subject,
    data,
    sensitive: true,
    secret: null,
    userId: user.id,
  }
}
