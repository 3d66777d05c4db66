import { AppError } from '@/core/errors'
import { isFinal } from '@/core/message'
import { whyNot, type Action, type Actor } from '@/core/permissions'
import type { MessageAction, MessageActions } from '@/core/views'
import { findToActOn } from '@/db/act-on-message'
import { findUser } from '@/db/users'
import { refuseCancel } from './cancel-message'
import type { Context } from './context'
import { noSuchMessage, whyNotCancelled } from './refusals'
import { refuseRelease } from './release-message'
import { contentToSendAgain } from './resend-message'
import { refuseRetry } from './retry-message'

const actionOf: Record<MessageAction, Action> = {
  retry: 'message.retry',
  resend: 'message.resend',
  cancel: 'message.cancel',
  release: 'message.release',
}

/** What this actor could do with a message now, by the same checks that the acts themselves make once it is locked. */
export async function messageActions(context: Context, actor: Actor, id: string): Promise<MessageActions> {
  const message = await findToActOn(context.db, id)
  if (!message) throw noSuchMessage()
  const user = message.userId === null ? null : await findUser(context.db, message.userId)
  const checks: Record<MessageAction, () => unknown> = {
    retry: () => refuseRetry(context, context.db, actor, message, user),
    resend: () => contentToSendAgain(context, context.db, actor, message, user),
    cancel() {
      refuseCancel(actor, message, user)
      if (message.status === 'sending' || isFinal(message.status)) throw whyNotCancelled(message)
    },
    release: () => refuseRelease(context.db, actor, message, user),
  }
  const reason = async (action: MessageAction) => whyNot(actor, actionOf[action]) ?? (await refusalOf(checks[action]))
  const [retry, resend, cancel, release] = await Promise.all([
    reason('retry'),
    reason('resend'),
    reason('cancel'),
    reason('release'),
  ])
  return { retry, resend, cancel, release }
}

async function refusalOf(check: () => unknown): Promise<string | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (error instanceof AppError) return error.message
    throw error
  }
}
