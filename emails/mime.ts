import { isAddress } from '@/core/address'
import { messageIdHeader } from '@/core/message'

/** Something that must not become a header: a line break would let a caller write headers, or a second mail. */
export class MimeError extends Error {
  override name = 'MimeError'
}

export type MimeInput = {
  /** Letters, digits, dots, hyphens and underscores, at most 64: the left half of Message-ID, the same on every try. */
  messageId: string
  date: Date
  from: string
  fromName?: string
  to: string
  replyTo?: string
  subject: string
  html: string
  text: string
  /** Further headers, in printable ASCII. */
  headers?: Record<string, string>
}

/** RFC 5322 2.1.1: a line should have at most 78 characters and must have at most 998, without its CRLF. */
const lineShould = 78
const lineMust = 998
/** RFC 2047 2: an encoded word at most 75 characters, a line that holds one at most 76. */
const wordMust = 75
const wordLineMust = 76
const wordStart = '=?UTF-8?B?'
const wordEnd = '?='

const own = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'message-id',
  'mime-version',
  'auto-submitted',
  'content-type',
  'content-transfer-encoding',
])

/**
 * The whole message as bytes to send, 7-bit clean, lines ended by CRLF: plain text first and HTML second, since readers
 * take the last part that they understand. Lines that start with a dot are left: the SMTP client doubles the dot.
 * Pure: the same input makes the same bytes.
 * @throws MimeError for a header that could be read as something else
 */
export function buildMime(input: MimeInput): string {
  const { messageId, date, from, fromName, to, replyTo, subject, html, text, headers = {} } = input
  if (!/^[\w.-]{1,64}$/.test(messageId)) throw new MimeError('The message id may hold letters, digits and . - _ only.')
  if (Number.isNaN(date.getTime())) throw new MimeError('The date of the message is not a date.')
  for (const [field, address] of Object.entries({ from, to, ...(replyTo !== undefined && { replyTo }) })) {
    if (!isAddress(address)) throw new MimeError(`The ${field} address is not one plain mail address.`)
  }

  // "=_" cannot occur in base64, so no part can hold the boundary.
  const boundary = `=_${messageId}`
  return [
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    fromName ? unstructured('From', fromName, [`<${from}>`]) : `From: ${from}`,
    ...(replyTo === undefined ? [] : [`Reply-To: ${replyTo}`]),
    `To: ${to}`,
    unstructured('Subject', subject),
    `Message-ID: ${messageIdHeader(messageId, from)}`,
    'MIME-Version: 1.0',
    'Auto-Submitted: auto-generated',
    ...Object.entries(headers).map(([name, value]) => further(name, value)),
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
    '',
    `--${boundary}`,
    ...part('text/plain', text),
    `--${boundary}`,
    ...part('text/html', html),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

function part(type: string, content: string): string[] {
  // Text is written with CRLF before it is encoded (RFC 2045 6.8).
  const base64 = Buffer.from(content.replace(/\r\n?|\n/g, '\r\n')).toString('base64')
  const lines = [`Content-Type: ${type}; charset=utf-8`, 'Content-Transfer-Encoding: base64', '']
  for (let at = 0; at === 0 || at < base64.length; at += 76) lines.push(base64.slice(at, at + 76))
  return lines
}

/**
 * A header of free text. As it is when every mail reader must read it back the same; otherwise, and when a word is too
 * long to fold around, as encoded words.
 * @param after tokens that follow the text and are never encoded
 */
function unstructured(name: string, value: string, after: string[] = []): string {
  if (/[\r\n\0]/.test(value)) throw new MimeError(`The ${name} header must not hold a line break or NUL.`)
  // In front of an address a comma or a quote has a meaning: only plain words are left there.
  const asItIs = after.length > 0 ? /^[\w-]{1,60}(?: [\w-]{1,60})*$/ : /^(?:[!-~]{1,60}(?: [!-~]{1,60})*)?$/
  const words = asItIs.test(value) && !value.includes('=?') ? value.split(' ') : encodedWords(value, name.length + 2)
  return fold(name, [...words, ...after])
}

const bytesIn = (length: number): number => Math.floor((length - wordStart.length - wordEnd.length) / 4) * 3

/** Splits between code points, never inside one. The first word shares its line with the header's name. */
function encodedWords(value: string, nameLength: number): string[] {
  const words: string[] = []
  let chunk = ''
  let used = 0
  let room = bytesIn(Math.min(wordMust, wordLineMust - nameLength))
  const close = () => words.push(wordStart + Buffer.from(chunk).toString('base64') + wordEnd)
  for (const character of value) {
    const size = Buffer.byteLength(character)
    if (used + size > room) {
      close()
      chunk = ''
      used = 0
      room = bytesIn(Math.min(wordMust, wordLineMust - 1))
    }
    chunk += character
    used += size
  }
  close()
  return words
}

function further(name: string, value: string): string {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,60}$/.test(name) || own.has(name.toLowerCase())) {
    throw new MimeError('A further header has a name that is not allowed.')
  }
  if (!/^[!-~]+(?: [!-~]+)*$/.test(value))
    throw new MimeError(`The ${name} header must be printable ASCII in one line.`)
  const line = fold(name, value.split(' '))
  if (line.split('\r\n').some((one) => one.length > lineMust)) throw new MimeError(`The ${name} header is too long.`)
  return line
}

/** Breaks the line before a space, so that unfolding gives back the very same text. */
function fold(name: string, words: string[]): string {
  let header = `${name}:`
  let length = header.length
  for (const [index, word] of words.entries()) {
    // The first word stays beside the name: some readers drop a header whose first line is empty.
    const breaks = index > 0 && length + 1 + word.length > (word.startsWith('=?') ? wordLineMust : lineShould)
    header += breaks ? `\r\n ${word}` : ` ${word}`
    length = breaks ? 1 + word.length : length + 1 + word.length
  }
  return header
}
