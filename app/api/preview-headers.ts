import type { PreviewPart } from '@/core/message'

/**
 * A document of its own, for a frame of our own pages, and a dead one: without scripts, links, forms and an origin, and with
 * nothing to load. Not `srcdoc`: that would inherit the policy of the page, which rightly refuses the styles of a mail.
 */
const policy =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

const types: Record<PreviewPart, string> = { html: 'text/html', text: 'text/plain', source: 'text/plain' }

/** What a part of a mail is answered with. */
export const previewHeaders = (part: PreviewPart) => ({
  'Content-Type': `${types[part]}; charset=utf-8`,
  'Content-Security-Policy': policy,
})
