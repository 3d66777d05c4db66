import { createHash } from 'node:crypto'
import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { sameAddressKey } from '@/core/address'
import type { DeadRecordReason } from '@/core/dead-record'
import { recordSchema } from '@/core/envelope'
import { hidden, looksSensitive, messageTypes, priorities } from '@/core/message'
import { isStorable } from '@/core/storable'
import type { ForeignMail } from '@/db/accept-foreign'
import { isNotice, isTemplateName, templates, type Secret, type Template } from '@/emails/registry'

const mostBytes = 262_144
const longestSubject = 255

/** The original's envelope, read tolerantly: what we do not need may be missing or wrong, what is unknown is ignored. */
const foreignRecord = z.object({
  type: z.enum(messageTypes),
  message: z.object({
    id: recordSchema.shape.message.shape.id.toLowerCase().nullable().catch(null),
    from: z.string().nullable().catch(null),
    to: z.string(),
    subject: z.string().catch(''),
    template: z.string().catch('plain'),
    data: z.record(z.string(), z.unknown()),
    priority: z.enum(priorities).catch('normal'),
    timestamp: recordSchema.shape.message.shape.timestamp.nullable().catch(null),
    max_retries: z.number().nullable().catch(null),
  }),
})

export type ForeignRecord =
  | { kind: 'mail'; mail: ForeignMail; secret: Secret | null }
  | { kind: 'quarantine'; reason: DeadRecordReason }

const quarantine = (reason: DeadRecordReason): ForeignRecord => ({ kind: 'quarantine', reason })

/**
 * What another producer asks for, as far as we believe it: never its sender's domain, its status or its counts. Pure, and
 * never throws.
 * @param producedAt when Kafka got it, in milliseconds: for producers that set no timestamp
 */
export function readForeignRecord(
  value: Buffer,
  producedAt: number,
  settings: { SMTP_USER: string; MAX_RETRIES: number },
): ForeignRecord {
  if (value.length > mostBytes) return quarantine('too_large')
  const parsed = foreignRecord.safeParse(parseJson(value))
  if (!parsed.success) return quarantine('unreadable')
  const { type, message } = parsed.data
  const to = addressSchema.safeParse(message.to)
  if (!to.success) return quarantine('bad_address')
  const content = contentOf(message.template, message.data)
  if (!content) return quarantine('no_text')
  const sensitive = type !== 'notification' || looksSensitive(content.body) || content.body === hidden
  const isSealed = sensitive && content.template === 'plain'
  const mail: ForeignMail = {
    producerId: message.id ?? idOf(value),
    type,
    template: content.template,
    to: to.data,
    from: ourFrom(message.from, settings.SMTP_USER),
    subject: oneLine(message.subject) || content.subject,
    data: isSealed ? { body: hidden } : content.data,
    priority: message.priority,
    maxRetries: retriesOf(message.max_retries, settings.MAX_RETRIES),
    sensitive,
    askedAt: askedAt(message.timestamp, producedAt),
  }
  // Postgres could not store it: it would be tried for ever.
  if (!isStorable(mail)) return quarantine('unreadable')
  return { kind: 'mail', mail, secret: isSealed ? { body: content.body } : null }
}

function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value))
  } catch {
    return undefined // not UTF-8, or not JSON: no envelope either way
  }
}

type Content = { template: string; data: Record<string, unknown>; subject: string; body: string }

/**
 * A template of ours only when the record alone fills it: one that needs an account or a link, or tells of what our own
 * system did, is not for others to send.
 * Everything else goes out as plain text, when there is one.
 */
function contentOf(name: string, data: Record<string, unknown>): Content | null {
  if (isTemplateName(name) && name !== 'plain' && !isNotice(name)) {
    const template: Template<unknown, Secret> = templates[name]
    const fits = template.data.safeParse(data)
    if (fits.success && template.secret(fits.data) === 'nothing') {
      const stored = fits.data as Record<string, unknown>
      return { template: name, data: stored, subject: template.subject(stored), body: JSON.stringify(stored) }
    }
  }
  const { body } = data
  if (typeof body !== 'string' || body.trim() === '') return null
  return { template: 'plain', data: { body }, subject: templates.plain.subject({ body }), body }
}

/** Nobody sends in the name of a domain that is not ours. */
function ourFrom(from: string | null, standard: string): string {
  const address = addressSchema.safeParse(from)
  const domain = standard.slice(standard.indexOf('@'))
  return address.success && sameAddressKey(address.data).endsWith(sameAddressKey(domain)) ? address.data : standard
}

/** A line break could begin a mail header of its own; a bidi control makes one text look like another. */
const oneLine = (subject: string): string =>
  subject
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\u202A-\u202E\u2066-\u2069]/gu, '')
    .trim()
    .slice(0, longestSubject)
    .replace(/[\uD800-\uDBFF]$/, '')

/** Never none: the original's own consumer drops what has no tries. */
const retriesOf = (asked: number | null, standard: number): number =>
  asked === null || !Number.isFinite(asked) ? standard : Math.max(1, Math.min(5, Math.trunc(asked)))

/** Go's zero time stands for "not set". */
const askedAt = (timestamp: string | null, producedAt: number): string =>
  timestamp !== null && timestamp >= '2000' ? timestamp : new Date(producedAt > 0 ? producedAt : 0).toISOString()

/** The same bytes are the same mail, however often they come: a name-based UUID (RFC 9562, version 8 on SHA-256). */
function idOf(value: Buffer): string {
  const hash = createHash('sha256').update(value).digest().subarray(0, 16)
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
