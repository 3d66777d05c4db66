import { deliveryBy, strictest, type Delivery, type DeliveryRule } from '@/core/delivery-mode'
import { toEnvelope, type EmailRecord } from '@/core/envelope'
import { hidden, lifeMinutesOf } from '@/core/message'
import type { Actor } from '@/core/permissions'
import { acceptMessage, isRungByRelay, publishFailed, type NewMessage } from '@/db/accept-message'
import type { Transaction } from '@/db/client'
import type { Secret } from '@/emails/registry'
import { toKafkaRecord } from '@/kafka/record'
import type { WebConfig } from '@/runtime/config'
import { seal } from '@/runtime/seal'
import type { Context } from './context'

export type Mail = Omit<NewMessage, 'seal' | 'from' | 'maxRetries' | 'lifeMinutes' | 'delivery'> & {
  from?: string
  /** Who asks for it, and by which rules it goes; null: we do, by ourselves. */
  askedBy: Actor | null
  /** What became of the mail that this one is sent again for: it is not treated more freely. */
  notFreerThan?: Delivery
  /** A first password or a whole body: sealed in Postgres, erased once sent, and nowhere else. */
  secret: Secret | null
}

/** A mail that is safe once its transaction commits, and the record that may then be published; null leaves it to the relay. */
export type QueuedMail = { id: string; to: string; record: EmailRecord | null; attempt: number }

/** What of the configuration a mail takes with it. */
export type MailContext = {
  config: Pick<
    WebConfig,
    'DELIVERY_MODE' | 'DELIVERY_GUEST_LIST' | 'SMTP_USER' | 'MAX_RETRIES' | 'MESSAGE_LIFE_HOURS' | 'SECRETS_KEYS'
  >
}

/** Writes the mail inside the caller's transaction. */
export async function queueMail({ config }: MailContext, tx: Transaction, mail: Mail): Promise<QueuedMail> {
  const { secret, askedBy, notFreerThan = 'send', ...rest } = mail
  const message: NewMessage = {
    ...rest,
    delivery: strictest(notFreerThan, deliveryBy(mail.to, ...rulesFor(config, askedBy))),
    from: mail.from ?? config.SMTP_USER,
    maxRetries: config.MAX_RETRIES,
    lifeMinutes: lifeMinutesOf(mail.type, config.MESSAGE_LIFE_HOURS),
    seal: secret === null ? null : (id) => seal(JSON.stringify(secret), id, config.SECRETS_KEYS),
  }
  const { id, createdAt } = await acceptMessage(tx, message)
  const record = isRungByRelay(message)
    ? null
    : toEnvelope({ ...message, id, createdAt, retryCount: 0, status: 'pending' })
  return { id, to: mail.to, record, attempt: 1 }
}

/** The rule of the whole installation, and that of the key; the stricter one wins. */
export const rulesFor = (config: MailContext['config'], actor: Actor | null): DeliveryRule[] => [
  { mode: config.DELIVERY_MODE, guestList: config.DELIVERY_GUEST_LIST },
  ...(actor?.kind === 'key' ? [actor.mail] : []),
]

/**
 * The fast path, after the commit: publishes at once, so that the mail leaves within milliseconds. It never fails: what
 * Kafka does not take in time is left to the relay, and the mail is safe in any case.
 */
export async function publishQueued(
  { config, publisher, db, log }: Context,
  { id, record, attempt }: Omit<QueuedMail, 'to'>,
): Promise<void> {
  if (record === null) return
  const topic = config.KAFKA_TOPIC
  const [published] = await publisher.publish(
    topic,
    [toKafkaRecord(topic, record, attempt, config.SIGNING_KEYS)],
    config.PUBLISH_DEADLINE_MS,
  )
  if (published) return
  try {
    await publishFailed(db, [id])
  } catch (error) {
    // Its bell rings by itself 30 s after it was accepted.
    log.warn({ err: error, messageId: id }, 'Kafka did not take a record, and the relay could not be told')
  }
}

/** What the record of a plain mail carries, and what is sealed of it. */
export const plainBody = (body: string, sensitive: boolean): Pick<Mail, 'data' | 'secret'> =>
  sensitive ? { data: { body: hidden }, secret: { body } } : { data: { body }, secret: null }
