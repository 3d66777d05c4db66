import { buildMime } from './mime'
import type { Secret, TemplateName } from './registry'
import { renderEmail } from './render'

/** Whose name stands before the address that mail comes from. */
const senderName = 'Usual Store'

/**
 * The bytes of a mail, the same for the worker that sends it and for whoever looks at what was sent.
 * @throws RenderError, MimeError
 */
export function composeMail(
  mail: {
    messageId: string
    date: Date
    from: string
    to: string
    replyTo: string | null
    subject: string
    template: TemplateName
    data: unknown
  },
  secret?: Secret,
): string {
  const { template, data, replyTo, ...head } = mail
  const { html, text } = renderEmail({ template, data, secret })
  return buildMime({ ...head, fromName: senderName, replyTo: replyTo ?? undefined, html, text })
}
