import { parseAddressHeader } from 'mailparser'

export interface Address {
  Name: string
  Address: string
}

/** What a list and a search need to know of a mail. */
export interface Summary {
  messageId: string
  from: Address | null
  to: Address[]
  cc: Address[]
  bcc: Address[]
  replyTo: Address[]
  subject: string
  /** The first 250 characters of the text. */
  snippet: string
  attachments: number
}

interface Header {
  name: string
  value: string
}

/**
 * Read by hand: a full parse by mailparser costs about a millisecond, too much for every mail of a benchmark and for a
 * search over thousands. A mail that is opened gets the full parse.
 */
export function summarise(raw: Buffer): Summary {
  const headers = readHeaders(raw)
  const addresses = (name: string) => addressesOf(all(headers, name))
  const leaves = leafParts(headers, raw.subarray(bodyStart(raw)).toString('latin1'))
  const text = textLeaf(leaves, 'text/plain')
  const html = textLeaf(leaves, 'text/html')
  return {
    messageId: first(headers, 'message-id').replace(/^<|>$/g, ''),
    from: addresses('from')[0] ?? null,
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
    replyTo: addresses('reply-to'),
    subject: decodeWords(first(headers, 'subject')),
    snippet: snippetOf(text ? decodeStart(text) : html ? withoutTags(decodeStart(html)) : ''),
    attachments: leaves.filter((leaf) => leaf.isAttachment).length,
  }
}

/** The headers in their order, unfolded, encoded words left as they are. */
export function readHeaders(raw: Buffer): Header[] {
  return parseHeaders(raw.subarray(0, bodyStart(raw)).toString('utf8'))
}

function bodyStart(raw: Buffer): number {
  const crlf = raw.indexOf('\r\n\r\n')
  return crlf === -1 ? raw.length : crlf + 4
}

function parseHeaders(block: string): Header[] {
  return block
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => {
      const colon = line.indexOf(':')
      return colon > 0 ? [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }] : []
    })
}

const all = (headers: Header[], name: string) =>
  headers.filter((header) => header.name.toLowerCase() === name).map((header) => header.value)
const first = (headers: Header[], name: string) => all(headers, name)[0] ?? ''

function addressesOf(values: string[]): Address[] {
  if (values.length === 0) return []
  return parseAddressHeader(values)
    .value.flatMap((entry) => entry.group ?? [entry])
    .map((entry) => ({ Name: entry.name, Address: entry.address ?? '' }))
}

interface Leaf {
  contentType: string
  charset: string
  encoding: string
  isAttachment: boolean
  body: string
}

const textLeaf = (leaves: Leaf[], type: string) =>
  leaves.find((leaf) => !leaf.isAttachment && leaf.contentType === type)

function leafParts(headers: Header[], body: string, depth = 0): Leaf[] {
  const type = first(headers, 'content-type') || 'text/plain'
  const contentType = type.split(';')[0]?.trim().toLowerCase() ?? ''
  const boundary = parameter(type, 'boundary')
  if (contentType.startsWith('multipart/') && boundary && depth < 10) {
    // What stands before the first boundary and after the last one is no part.
    const delimiter = new RegExp(`\\r\\n--${boundary.replace(/\W/g, '\\$&')}(?=--|[ \\t]*\\r\\n)`)
    const [, ...parts] = `\r\n${body}`.split(delimiter)
    return parts
      .filter((part) => !part.startsWith('--'))
      .flatMap((part) => {
        const end = part.indexOf('\r\n\r\n')
        if (end === -1) return []
        return leafParts(parseHeaders(part.slice(0, end)), part.slice(end + 4), depth + 1)
      })
  }
  const disposition = first(headers, 'content-disposition').toLowerCase()
  return [
    {
      contentType,
      charset: parameter(type, 'charset') || 'utf-8',
      encoding: first(headers, 'content-transfer-encoding').toLowerCase(),
      isAttachment: disposition.startsWith('attachment') || !/^(text|multipart)\//.test(contentType),
      body,
    },
  ]
}

function parameter(value: string, name: string): string {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(value)
  return match?.[1] ?? match?.[2] ?? ''
}

/** Enough of a part for its snippet. */
function decodeStart({ body, encoding, charset }: Leaf): string {
  const start = body.slice(0, 8_000)
  if (encoding === 'base64') return decodeCharset(Buffer.from(start, 'base64'), charset)
  if (encoding === 'quoted-printable') return decodeCharset(quotedPrintable(start.replace(/=\r?\n/g, '')), charset)
  return decodeCharset(Buffer.from(start, 'latin1'), charset)
}

const quotedPrintable = (text: string) =>
  Buffer.from(
    text.replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch (error) {
    // A charset that nobody knows: the letters of ASCII are still right.
    if (error instanceof RangeError) return bytes.toString('latin1')
    throw error
  }
}

/** RFC 2047; the white space between two encoded words is none. */
function decodeWords(value: string): string {
  return value.replace(
    /=\?([^?\s*]+)[^?\s]*\?([bq])\?([^?]*)\?=(?:\s+(?==\?[^?\s]+\?[bq]\?))?/gi,
    (_, charset: string, encoding: string, text: string) =>
      decodeCharset(
        encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quotedPrintable(text.replaceAll('_', ' ')),
        charset,
      ),
  )
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" }

function withoutTags(html: string): string {
  return html
    .replace(/<(head|style|script)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/&([a-z]+|#39);/gi, (whole, name: string) => entities[name.toLowerCase()] ?? whole)
}

const snippetOf = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 250)
