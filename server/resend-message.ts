import { AppError } from '@/core/errors'
import { isFinal, priorityOfRank } from '@/core/message'
import { can, type Actor } from '@/core/permissions'
import { noteResent, type LockedMessage } from '@/db/act-on-message'
import { writeAudit } from '@/db/audit'
import type { Executor } from '@/db/client'
import type { User } from '@/db/users'
import { isNotice, type Secret } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { CannotOpen, open } from '@/runtime/seal'
import { accountContent, typeOfAccountMail } from './account-mail'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued, queueMail, type Mail } from './queue-mail'
import { checkedAccount, checkedTemplate, lockWithAccount, refuseSuppressed } from './sent-again'

export type ResentMessage = { id: string }

/** Sends a message that has come to its end once more, as a new one. The two lead to each other. */
export async function resendMessage(
  context: Context,
  asked: AskedOnce<ResentMessage>,
  id: string,
): Promise<ResentMessage> {
  const { actor } = asked
  const by = nameOf(actor)
  const { result, queued } = await writeOnce(context, asked, async (tx) => {
    const { message, user } = await lockWithAccount(tx, id)
    const content = await contentToSendAgain(context, tx, actor, message, user)
    const queued = await queueMail(context, tx, {
      ...content,
      askedBy: actor,
      // A rehearsal, or what was held, becomes real only by those who may release it.
      notFreerThan: can(actor, 'message.release') ? 'send' : message.delivery,
      from: message.fromAddress,
      replyTo: message.replyTo,
      subject: message.subject,
      priority: priorityOfRank(message.priority),
      sensitive: message.sensitive,
      createdByName: by,
      onAmbiguous: message.onAmbiguous,
      resendOf: id,
    })
    await noteResent(tx, { id, otherId: queued.id, by })
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'message.resent',
      target: `message:${id}`,
      detail: { new_message_id: queued.id },
    })
    return { result: { id: queued.id }, queued }
  })
  await publishQueued(context, queued)
  return result
}

type Content = Pick<Mail, 'type' | 'template' | 'to' | 'data' | 'secret' | 'userId'>

/** What would be sent; refused while it is on its way, and when nothing can be made of it any more. */
export async function contentToSendAgain(
  context: Context,
  db: Executor,
  actor: Actor,
  message: LockedMessage,
  user: User | null,
): Promise<Content> {
  if (!isFinal(message.status)) {
    throw new AppError('conflict', 'It is still on its way: wait for what becomes of it, or cancel it first.')
  }
  const content = contentOf(context, actor, message, user)
  await refuseSuppressed(db, content.to)
  return content
}

/** Mail of an account goes to the address that it has now, in its words of now, and with a new link; the rest as it was. */
function contentOf({ config }: Context, actor: Actor, message: LockedMessage, user: User | null): Content {
  const template = checkedTemplate(message)
  const { sealed } = message
  // Bound to the old message: it is opened here, and sealed anew for the id of the new one.
  const secret = sealed === null ? null : openedSecret(sealed, message.id, config)
  if (template === 'plain' || isNotice(template)) {
    const { type, data } = message
    return { type, template, to: message.toAddress, data, secret, userId: message.userId }
  }
  const account = checkedAccount(actor, user, template)
  const { data } = accountContent(config, account, template, message.data, secret === null ? 'link' : 'password')
  return { type: typeOfAccountMail(template), template, to: account.email, data, secret, userId: account.id }
}

function openedSecret(sealed: Buffer, messageId: string, { SECRETS_KEYS }: WebConfig): Secret {
  try {
    return JSON.parse(open(sealed, messageId, SECRETS_KEYS)) as Secret
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error
    const sentence = 'What it carried cannot be opened any more: SECRETS_KEYS does not hold the key that sealed it.'
    throw new AppError('conflict', sentence, {}, { cause: error })
  }
}
