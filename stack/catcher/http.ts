import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { z } from 'zod'
import type { Logger } from '@/runtime/log'
import { appInformation, headersOf, message, messagesSummary } from './mailpit'
import { pageHtml, pageScript, pageStyle } from './page'
import { matches, parseQuery } from './search'
import type { SmtpCounts } from './smtp'
import type { MailStore } from './store'

const MAX_BODY_BYTES = 1024 * 1024
const font = '@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2'

/**
 * The style and the pictures are open, because a mail shown in the frame inherits this policy; what could act is not: only our
 * own script runs, and the frame is sandboxed besides.
 */
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "font-src 'self' data:; img-src data: http: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** An answer that is not 200, in one plain sentence. */
class HttpError extends Error {
  constructor(
    readonly status: number,
    sentence: string,
  ) {
    super(sentence)
  }
}

interface Answer {
  type: string
  body: string | Buffer
}

const json = (value: unknown): Answer => ({ type: 'application/json', body: JSON.stringify(value) })
const plain = (body: string | Buffer): Answer => ({ type: 'text/plain; charset=utf-8', body })

interface Parts {
  store: MailStore
  counts: SmtpCounts
  dir: string
  log: Logger
}

/** The page for people, and the API in the shape of Mailpit's. */
export function createHttp(parts: Parts): Server {
  return createServer((request, response) => {
    answer(request, parts)
      .then((found) => send(response, 200, found))
      .catch((error: unknown) => {
        if (!(error instanceof HttpError)) parts.log.error({ err: error, url: request.url }, 'The request failed')
        const sentence = error instanceof HttpError ? error.message : 'The catcher could not answer; see its log.'
        send(response, error instanceof HttpError ? error.status : 500, json({ Error: sentence }))
      })
  })
}

function send(response: ServerResponse, status: number, { type, body }: Answer): void {
  response.writeHead(status, {
    ...securityHeaders,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

async function answer(request: IncomingMessage, parts: Parts): Promise<Answer> {
  // A page of another site could point its own name at 127.0.0.1 and read the mails.
  if (!isLoopback(request.headers.host)) throw new HttpError(403, 'The catcher answers only under localhost.')
  const url = new URL(request.url ?? '/', 'http://localhost')
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const [, id, view] = /^\/api\/v1\/message\/([^/]+)(?:\/(raw|headers))?$/.exec(url.pathname) ?? []
  if (method === 'GET' && id) return await oneMessage(parts.store, id, view)
  switch (`${method} ${url.pathname}`) {
    case 'GET /':
      return { type: 'text/html; charset=utf-8', body: pageHtml }
    case 'GET /app.js':
      return { type: 'text/javascript; charset=utf-8', body: pageScript }
    case 'GET /app.css':
      return { type: 'text/css; charset=utf-8', body: pageStyle }
    case 'GET /inter.woff2':
      return { type: 'font/woff2', body: await readFile(createRequire(import.meta.url).resolve(font)) }
    case 'GET /api/v1/info':
      return json(appInformation(parts.store, parts.counts, parts.dir))
    case 'GET /api/v1/messages':
      return json(messagesSummary(parts.store, [...parts.store.newestFirst()], pageOf(url)))
    case 'GET /api/v1/search':
      return json(search(parts.store, url))
    case 'DELETE /api/v1/messages':
      deleteMessages(parts.store, await readBody(request))
      return plain('ok')
    default:
      throw new HttpError(404, `There is nothing at ${method} ${url.pathname}.`)
  }
}

function isLoopback(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? '')
}

function pageOf(url: URL) {
  const number = (name: string, standard: number) => {
    const value = Number(url.searchParams.get(name) ?? standard)
    return Number.isInteger(value) && value >= 0 ? value : standard
  }
  return { start: number('start', 0), limit: number('limit', 50) }
}

function search(store: MailStore, url: URL) {
  const terms = parseQuery(url.searchParams.get('query') ?? '')
  if (terms.length === 0) throw new HttpError(400, 'The query is empty: try query=to:"someone@example.com".')
  const found = [...store.newestFirst()].filter((mail) => matches(mail, terms))
  return messagesSummary(store, found, pageOf(url))
}

async function oneMessage(store: MailStore, id: string, view: string | undefined): Promise<Answer> {
  const mail = id === 'latest' ? store.newestFirst().next().value : store.get(id)
  const raw = mail && (await store.raw(mail.id))
  if (!mail || !raw) throw new HttpError(404, 'There is no such mail; it may have been deleted.')
  if (view === 'raw') return plain(raw)
  if (view === 'headers') return json(headersOf(raw))
  store.markRead(mail.id)
  return json(await message(mail, raw))
}

const deletion = z.object({ IDs: z.array(z.string()).optional() })

/** No body, or one without ids, means all: as Mailpit does it. */
function deleteMessages(store: MailStore, body: string): void {
  const ids = body.trim() === '' ? [] : parseDeletion(body)
  if (ids.length === 0) store.deleteAll()
  else store.delete(ids)
}

function parseDeletion(body: string): string[] {
  const wrong = 'The body must be JSON like {"IDs": ["…"]}, or empty to delete all.'
  try {
    const parsed = deletion.safeParse(JSON.parse(body))
    if (!parsed.success) throw new HttpError(400, wrong)
    return parsed.data.IDs ?? []
  } catch (error) {
    if (error instanceof SyntaxError) throw new HttpError(400, wrong)
    throw error
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new HttpError(413, 'The body is larger than 1 MiB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
