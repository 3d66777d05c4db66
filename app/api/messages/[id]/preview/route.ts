import { previewQuery } from '@/core/requests'
import { previewMessage } from '@/server/preview-message'
import { handle, otherMethods } from '../../../handle'
import { messageParams } from '../../message-params'

/**
 * A document of its own, for a frame of our own pages, and a dead one: without scripts, links, forms and an origin, and with
 * nothing to load. Not `srcdoc`: that would inherit the policy of the page, which rightly refuses the styles of a mail.
 */
const policy =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

const types = { html: 'text/html', text: 'text/plain', source: 'text/plain' }

export const GET = handle({
  action: 'message.preview',
  params: messageParams,
  query: previewQuery,
  run: async ({ context, actor, params, query: { part } }) => ({
    document: await previewMessage(context, actor, { id: params.id, part }),
    headers: { 'Content-Type': `${types[part]}; charset=utf-8`, 'Content-Security-Policy': policy },
  }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
