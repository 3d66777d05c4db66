import { AppError } from '@/core/errors'
import { isSecurityMail, type PreviewPart } from '@/core/message'
import { whyNot, type Actor } from '@/core/permissions'
import { findMailContent } from '@/db/messages'
import { composeMail } from '@/emails/compose'
import { MimeError } from '@/emails/mime'
import { isTemplateName } from '@/emails/registry'
import { maskedSecret, renderEmail, RenderError } from '@/emails/render'
import type { Context } from './context'

/**
 * One part of the mail as its reader gets it, made from the same template, with a stand-in for every secret: what is sealed
 * stays sealed, and a link that was minted is known to nobody but its reader.
 */
export async function previewMessage(
  { db }: Context,
  actor: Actor,
  { id, part }: { id: string; part: PreviewPart },
): Promise<string> {
  const mail = await findMailContent(db, id)
  if (!mail) throw new AppError('not_found', 'There is no such message.')
  const refusal = whyNoPreview(actor, mail)
  if (refusal) throw new AppError('forbidden', refusal)
  const { template, data } = mail
  if (!isTemplateName(template))
    throw new AppError('conflict', `This web process does not know the template ${template}.`)
  try {
    const secret = maskedSecret(template, data)
    if (part !== 'source') return renderEmail({ template, data, secret })[part]
    const { subject, fromAddress: from, toAddress: to, replyTo, createdAt: date } = mail
    return composeMail({ messageId: id, date, from, to, replyTo, subject, template, data }, secret)
  } catch (error) {
    if (!(error instanceof RenderError || error instanceof MimeError)) throw error
    throw new AppError(
      'conflict',
      'This mail cannot be shown: what it was given does not fit its template.',
      {},
      { cause: error },
    )
  }
}

/** Why this actor may not look at this mail; null when they may. */
export function whyNoPreview(actor: Actor, mail: Parameters<typeof isSecurityMail>[0]): string | null {
  if (!isSecurityMail(mail) || whyNot(actor, 'message.preview_security') === null) return null
  return "This mail is about somebody's access, or was marked as sensitive: only administrators may look at it."
}
