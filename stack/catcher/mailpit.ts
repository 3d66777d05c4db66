import { createHash } from 'node:crypto'
import { simpleParser, type Attachment } from 'mailparser'
import type { ListedMail, MailStore } from './store'
import { readHeaders, type Address } from './summary'
import type { SmtpCounts } from './smtp'

/**
 * The answers of Mailpit's API, field by field (its server/apiv1 and internal/storage/structs.go), so that what reads the
 * catcher reads Mailpit too. `Envelope` is ours: what SMTP said, which headers need not repeat.
 */
const envelopeOf = (mail: ListedMail) => ({
  From: mail.from,
  To: mail.to,
  ReceivedAt: new Date(mail.receivedAt).toISOString(),
  Session: mail.session,
})

/** Who got the mail without being named in it, as Mailpit adds them. */
function bccOf({ to, summary }: ListedMail): Address[] {
  const named = new Set([...summary.to, ...summary.cc, ...summary.bcc].map(({ Address }) => Address.toLowerCase()))
  const unnamed = to.filter((address) => !named.has(address.toLowerCase()))
  return [...summary.bcc, ...unnamed.map((address) => ({ Name: '', Address: address }))]
}

function messageSummary(mail: ListedMail) {
  const { summary } = mail
  return {
    ID: mail.id,
    MessageID: summary.messageId,
    Read: mail.read,
    From: summary.from,
    To: summary.to,
    Cc: summary.cc,
    Bcc: bccOf(mail),
    ReplyTo: summary.replyTo,
    Subject: summary.subject,
    Created: new Date(mail.receivedAt).toISOString(),
    Username: mail.username,
    Tags: [],
    Size: mail.size,
    Attachments: summary.attachments,
    Snippet: summary.snippet,
    Envelope: envelopeOf(mail),
  }
}

/** One page of `found`, newest first. */
export function messagesSummary(
  store: MailStore,
  found: ListedMail[],
  { start, limit }: { start: number; limit: number },
) {
  const page = found.slice(start, start + limit).map(messageSummary)
  return {
    total: store.size,
    unread: store.unread,
    count: page.length,
    messages_count: found.length,
    messages_unread: found.filter((mail) => !mail.read).length,
    start,
    tags: [],
    messages: page,
  }
}

export async function message(mail: ListedMail, raw: Buffer) {
  const parsed = await simpleParser(raw, { skipTextToHtml: true, skipTextLinks: true })
  const { summary } = mail
  const unsubscribe = headersOf(raw)['List-Unsubscribe']?.[0] ?? ''
  return {
    ID: mail.id,
    MessageID: summary.messageId,
    From: summary.from,
    To: summary.to,
    Cc: summary.cc,
    Bcc: bccOf(mail),
    ReplyTo: summary.replyTo,
    ReturnPath: headersOf(raw)['Return-Path']?.[0]?.replace(/^<|>$/g, '') ?? mail.from,
    Subject: summary.subject,
    ListUnsubscribe: {
      Header: unsubscribe,
      Links: [...unsubscribe.matchAll(/<([^>]+)>/g)].map((match) => match[1]),
      Errors: '',
      HeaderPost: headersOf(raw)['List-Unsubscribe-Post']?.[0] ?? '',
    },
    Date: (parsed.date ?? new Date(mail.receivedAt)).toISOString(),
    Tags: [],
    Username: mail.username,
    Text: parsed.text ?? '',
    HTML: parsed.html || '',
    Size: mail.size,
    Inline: parsed.attachments.filter(isInline).map(attachmentSummary),
    Attachments: parsed.attachments.filter((attachment) => !isInline(attachment)).map(attachmentSummary),
    Envelope: envelopeOf(mail),
  }
}

const isInline = (attachment: Attachment) => attachment.related || attachment.contentDisposition === 'inline'

function attachmentSummary(attachment: Attachment) {
  const hash = (name: string) => createHash(name).update(attachment.content).digest('hex')
  return {
    PartID: attachment.partId ?? '',
    FileName: attachment.filename ?? '',
    ContentType: attachment.contentType,
    ContentID: attachment.cid ?? '',
    Size: attachment.size,
    Checksums: { MD5: hash('md5'), SHA1: hash('sha1'), SHA256: hash('sha256') },
  }
}

/** Every header under its canonical name (`Message-Id`), as Go writes them for Mailpit. */
export function headersOf(raw: Buffer): Record<string, string[]> {
  const found: Record<string, string[]> = Object.create(null)
  for (const { name, value } of readHeaders(raw)) {
    const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
    ;(found[canonical] ??= []).push(value)
  }
  return found
}

export function appInformation(store: MailStore, counts: SmtpCounts, dir: string) {
  return {
    Version: 'usual-store catcher',
    LatestVersion: 'disabled',
    Database: dir,
    DatabaseSize: store.bytes,
    Messages: store.size,
    Unread: store.unread,
    Tags: {},
    RuntimeStats: {
      Uptime: Math.floor(process.uptime()),
      Memory: process.memoryUsage.rss(),
      MessagesDeleted: store.deleted,
      SMTPAccepted: counts.accepted,
      SMTPAcceptedSize: counts.acceptedBytes,
      SMTPRejected: counts.refused,
      SMTPIgnored: 0,
    },
  }
}
