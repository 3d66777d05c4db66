import { priorityRank, type MessageType, type Priority } from '@/core/message'
import type { Delivery } from '@/core/delivery-mode'
import type { Sql } from './client'

/** A mail that another producer put on the topic, as far as we believe it. */
export type ForeignMail = {
  id: string
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

/**
 * Takes it in like one of ours: message, work, first event and sealed body in one statement. Its record is in our hands, so
 * the bell rings only if this worker does not come to it within 30 s.
 *
 * A message of that id that exists already wins: the record is then nothing but a ring for it.
 * @returns `too_old` for what was asked for more than 72 h ago, such as a topic that is read again from its beginning
 */
export async function acceptForeign(
  sql: Sql,
  mail: ForeignMail,
  more: { sealed: Buffer | null; lifeMinutes: number; delivery: Delivery; partition: number; offset: number },
): Promise<'accepted' | 'exists' | 'too_old'> {
  const isHeld = more.delivery === 'held'
  const rank = priorityRank(mail.priority)
  const [row] = await sql<{ result: 'accepted' | 'exists' | 'too_old' }[]>`
    with asked as (
      select least(${mail.askedAt}::timestamptz, now()) as at, ${mail.askedAt}::timestamptz < now() - ${oldest}::interval as too_old
    ), m as (
      insert into messages (id, type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, source,
        expires_at, created_by_name, delivery)
      select ${mail.id}, ${mail.type}, ${mail.template}, ${mail.to}, ${mail.from}, ${mail.subject}, ${sql.json(mail.data as never)},
        ${mail.sensitive}, ${rank}, ${mail.maxRetries}, 'kafka', asked.at + ${more.lifeMinutes}::int * interval '1 min', 'Another service',
        ${more.delivery}
      from asked where not too_old
      on conflict (id) do nothing
      returning id
    ), o as (
      insert into outbox (kind, message_id, priority, due_at, ring_at, rings, kafka_partition, kafka_offset)
      select 'send', id, ${rank}, case when ${isHeld} then 'infinity' else now() end,
        case when ${isHeld} then 'infinity' else now() + interval '30 s' end, 1, ${more.partition}::int, ${more.offset}::bigint from m
    ), s as (
      insert into message_secrets (message_id, sealed) select id, ${more.sealed} from m where ${more.sealed}::bytea is not null
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
    select case when exists (select from m) then 'accepted'
      when too_old and not exists (select from messages where id = ${mail.id}) then 'too_old' else 'exists' end as result
    from asked`
  if (!row) throw new Error('Postgres did not say what became of a record')
  return row.result
}
