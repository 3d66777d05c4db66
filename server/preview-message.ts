import { AppError } from '@/core/errors'
import { isSecurityMail } from '@/core/message'
import { whyNot, type Actor } from '@/core/permissions'
import { findMailContent } from '@/db/messages'
import { isTemplateName } from '@/emails/registry'
import { maskedSecret, renderEmail, RenderError } from '@/emails/render'
import type { Context } from './context'

/**
 * The mail as its reader gets it, made from the same template, with a stand-in for every secret: what is sealed stays
 * sealed, and a link that was minted is known to nobody but its reader.
 */
export async function previewMessage(
  { db }: Context,
  actor: Actor,
  id: string,
): Promise<{ html: string; text: string }> {
  const mail = await findMailContent(db, id)
  if (!mail) throw new AppError('not_found', 'There is no such message.')
  const refusal = whyNoPreview(actor, mail)
  if (refusal) throw new AppError('forbidden', refusal)
  const { template, data } = mail
  if (!isTemplateName(template))
    throw new AppError('conflict', `This web process does not know the template ${template}.`)
  try {
    return renderEmail({ template, data, secret: maskedSecret(template, data) })
  } catch (error) {
    if (!(error instanceof RenderError)) throw error
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
