import { priorityRank, type MessageType, type Priority } from '@/core/message'
import type { Delivery } from '@/core/delivery-mode'
import type { Sql } from './client'
import type { TransactionSql } from 'postgres'

/** A mail that another producer put on the topic, as far as we believe it. */
export type ForeignMail = {
  /** The id that its producer gave it: the same one again is the same mail. */
  producerId: string
  type: MessageType
  template: string
  to: string
  from: string
  subject: string
  data: Record<string, unknown>
  priority: Priority
  maxRetries: number
  sensitive: boolean
  /** When it was asked for, as its producer says. */
  askedAt: string
}

const oldest = '72 hours'

/** What became of a record; `exists`: it is of a message that was known already. */
export type AcceptedForeign =
  | { result: 'accepted' | 'exists'; id: string }
  | { result: 'too_old' }
  /** The message of this id is another mail. */
  | { result: 'id_taken'; id: string }

/**
 * Takes it in like one of ours, under an id of ours: message, work, first event and sealed body at once. Its record is in our
 * hands, so the bell rings only if this worker does not come to it within 30 s.
 *
 * A message that exists already wins, whether it is ours or one that was taken in. The same mail again is then nothing but a ring
 * for it; another mail under its id is never sent, and whoever wrote it has to be told.
 * @returns `too_old` for what was asked for more than 72 h ago, such as a topic that is read again from its beginning
 */
export async function acceptForeign(
  sql: Sql,
  mail: ForeignMail,
  more: {
    /** Seals what is secret of it for the id that it gets; null when it has nothing secret. */
    seal: ((messageId: string) => Buffer) | null
    lifeMinutes: number
    delivery: Delivery
    partition: number
    offset: number
  },
): Promise<AcceptedForeign> {
  const { seal } = more
  const row = seal
    ? await sql.begin(async (tx) => {
        const accepted = await accept(tx, mail, more)
        if (accepted.isNew)
          await tx`insert into message_secrets (message_id, sealed) values (${accepted.id}, ${seal(accepted.id)})`
        return accepted
      })
    : await accept(sql, mail, more)
  if (row.isNew) return { result: 'accepted', id: row.id }
  if (row.id !== null) return { result: row.isSame ? 'exists' : 'id_taken', id: row.id }
  if (row.isTooOld) return { result: 'too_old' }
  // Another worker has just taken in the same mail: now it is there to be seen.
  return await acceptForeign(sql, mail, more)
}

type Accepted = { isNew: true; id: string } | { isNew: false; id: string | null; isSame: boolean; isTooOld: boolean }

async function accept(
  sql: Sql | TransactionSql,
  mail: ForeignMail,
  more: { lifeMinutes: number; delivery: Delivery; partition: number; offset: number },
): Promise<Accepted> {
  const isHeld = more.delivery === 'held'
  const rank = priorityRank(mail.priority)
  const [row] = await sql<Accepted[]>`
    with asked as (
      select least(${mail.askedAt}::timestamptz, now()) as at, ${mail.askedAt}::timestamptz < now() - ${oldest}::interval as is_too_old
    ), known as (
      select id, type = ${mail.type} and lower(to_address) = lower(${mail.to}) and subject = ${mail.subject} as is_same
      from messages where id = ${mail.producerId} or producer_id = ${mail.producerId} order by id = ${mail.producerId} desc limit 1
    ), m as (
      insert into messages (producer_id, type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, source,
        expires_at, created_by_name, delivery)
      select ${mail.producerId}, ${mail.type}, ${mail.template}, ${mail.to}, ${mail.from}, ${mail.subject}, ${sql.json(mail.data as never)},
        ${mail.sensitive}, ${rank}, ${mail.maxRetries}, 'kafka', asked.at + ${more.lifeMinutes}::int * interval '1 min', 'Another service',
        ${more.delivery}
      from asked where not is_too_old and not exists (select from known)
      on conflict (producer_id) where producer_id is not null do nothing
      returning id
    ), o as (
      insert into outbox (kind, message_id, priority, due_at, ring_at, rings, kafka_partition, kafka_offset)
      select 'send', id, ${rank}, case when ${isHeld} then 'infinity' else now() end,
        case when ${isHeld} then 'infinity' else now() + interval '30 s' end, 1, ${more.partition}::int, ${more.offset}::bigint from m
    ), e as (
      insert into message_events (message_id, event, detail)
      select id, 'accepted', ${sql.json({
        by: 'Another service, through Kafka',
        source: 'kafka',
        partition: more.partition,
        offset: more.offset,
        ...(more.delivery === 'send' ? {} : { delivery: more.delivery }),
      })} from m
    )
    select exists (select from m) as "isNew", coalesce((select id from m), (select id from known)) as id,
      coalesce((select is_same from known), false) as "isSame", is_too_old as "isTooOld" from asked`
  if (!row) throw new Error('Postgres did not say what became of a record')
  return row
}
