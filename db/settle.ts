import type { Outcome } from '@/core/delivery'
import type { EventDetail } from '@/core/sentences'
import type { Cause } from '@/core/smtp-failure'
import type { MessageEventKind } from '@/core/views'
import type { Sql } from './client'

/** What one try came to, to be written down. */
export type Settlement = {
  messageId: string
  hold: string
  outcome: Outcome
  /** The server's words, or what went wrong instead of them. */
  reply: string | null
  /** What they mean. */
  cause?: Cause | null
  detail: EventDetail
}

const eventOf = {
  sent: 'sent',
  pretend: 'pretended',
  retry: 'try_failed',
  release: 'released',
  cancel: 'cancelled',
  suppress: 'suppressed',
  dead: 'dead',
} as const satisfies Record<Outcome['kind'], MessageEventKind>

/** Who entered an address that bounced, as people read it. */
const byBounce = 'the mail server'

/**
 * Records several tries in one statement, each fenced by its hold token.
 *
 * `sent`, `pretend` (sent as far as anybody can tell, but for its story) and `dead` delete the work (dead leaves another row: the notice for email-dlq); `retry` moves it to the next
 * attempt; `release` gives it back as it was. Locks the outbox rows first, in message order, like everything that locks more than
 * one.
 * @returns the message ids that were settled; a missing one had lost its hold
 */
export async function settleMessages(sql: Sql, settlements: readonly Settlement[]): Promise<string[]> {
  const rows = settlements.map(({ messageId, hold, outcome, reply, cause = null, detail }) => ({
    message_id: messageId,
    hold,
    outcome: outcome.kind,
    event: outcome.kind === 'release' && outcome.delayed ? 'delayed' : eventOf[outcome.kind],
    outage: outcome.kind === 'release' && outcome.inDoubtOfItself === true,
    suppress: outcome.kind === 'dead' && outcome.suppressAddress === true,
    delay_ms: 'delayMs' in outcome ? outcome.delayMs : 0,
    flag: (outcome.kind === 'retry' || outcome.kind === 'dead') && outcome.mayHaveBeenDelivered,
    reason: outcome.kind === 'dead' ? outcome.reason : null,
    reply,
    cause,
    detail,
  }))
  const done = await sql<{ message_id: string }[]>`
    with r as (
      select * from jsonb_to_recordset(${sql.json(rows)}) as
        r(message_id uuid, hold uuid, outcome text, event text, outage boolean, suppress boolean, delay_ms int, flag boolean,
          reason text, reply text, cause text, detail jsonb)
      order by message_id
    ), mine as (
      select o.id, o.priority, r.*
      from r cross join lateral (
        select id, priority from outbox where kind = 'send' and message_id = r.message_id and hold = r.hold for update
      ) o
    ), gone as (
      delete from outbox o using mine where o.id = mine.id and mine.outcome in ('sent', 'pretend', 'dead', 'cancel', 'suppress')
    ), again as (
      update outbox o
      set hold = null, held_at = null, held_until = null, held_by = null, rings = 0,
          attempt = o.attempt + (mine.outcome = 'retry')::int,
          due_at = case when mine.outcome = 'retry' then now() + mine.delay_ms * interval '1 ms' else o.due_at end,
          ring_at = now() + mine.delay_ms * interval '1 ms'
      from mine where o.id = mine.id and mine.outcome in ('retry', 'release')
    ), notice as (
      insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset)
      select 'dead_letter', message_id, priority, now(), (detail->>'partition')::int, (detail->>'offset')::bigint
      from mine where outcome = 'dead'
    ), said as (
      update messages m
      set status = case mine.outcome
            when 'sent' then 'sent' when 'pretend' then 'sent' when 'dead' then 'dead' when 'cancel' then 'cancelled' when 'suppress' then 'suppressed'
            when 'retry' then 'retrying'
            else case when m.retry_count = 0 then 'queued' else 'retrying' end end,
          retry_count = m.retry_count + (mine.outcome = 'retry')::int,
          outages = m.outages + mine.outage::int,
          may_have_been_delivered = m.may_have_been_delivered or mine.flag,
          due_at = case when mine.outcome = 'retry' then now() + mine.delay_ms * interval '1 ms' else m.due_at end,
          sent_at = case when mine.outcome in ('sent', 'pretend') then now() end,
          delivery = case when mine.outcome = 'pretend' then 'pretend' else m.delivery end,
          closed_at = case when mine.outcome in ('sent', 'pretend', 'dead', 'cancel', 'suppress') then now() end,
          dead_reason = mine.reason,
          last_reply = coalesce(mine.reply, m.last_reply),
          last_cause = case when mine.outcome in ('sent', 'pretend') then null else coalesce(mine.cause, m.last_cause) end
      from mine where m.id = mine.message_id
      returning m.id, m.due_at, m.to_address
    ), erased as (
      delete from message_secrets s using mine where s.message_id = mine.message_id and mine.outcome in ('sent', 'pretend', 'cancel', 'suppress')
    ), listed as (
      insert into suppressions (address_key, address, reason, note, message_id, created_by_name)
      select distinct on (lower(said.to_address)) lower(said.to_address), said.to_address, 'hard_bounce', mine.reply, said.id, ${byBounce}
      from said join mine on mine.message_id = said.id where mine.suppress
      order by lower(said.to_address)
      on conflict (address_key) do nothing
      returning address_key, message_id
    ), audited as (
      insert into audit_log (actor, action, target, detail, request_id)
      select 'system', 'suppression.added', 'address:' || address_key, jsonb_build_object('reason', 'hard_bounce', 'message_id', message_id), 'worker'
      from listed
    ), story as (
      insert into message_events (message_id, event, detail)
      select mine.message_id, mine.event,
        jsonb_build_object('hold', mine.hold) || case when mine.outcome = 'retry'
          then mine.detail || jsonb_build_object('dueAt', to_char(said.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
          else mine.detail end
      from mine join said on said.id = mine.message_id
      -- Given back again and again by one long outage, it tells of that once.
      where mine.event <> 'delayed' or not exists (
        select from (
          select e.event, e.detail from message_events e where e.message_id = mine.message_id order by e.id desc limit 1
        ) last where last.event = 'delayed' and last.detail->>'cause' is not distinct from mine.detail->>'cause'
      )
    ), woken as (
      select pg_notify('outbox', '') from mine where outcome in ('dead', 'release') limit 1
    )
    select message_id from mine left join woken on true`
  return done.map((row) => row.message_id)
}

/**
 * The server accepted a mail whose hold we had lost meanwhile. A proof of acceptance always wins: whatever waits to send
 * it again is taken back, and so are the notice that it was dead and the suppression of its address. It stays flagged: the
 * other worker may have sent it too.
 *
 * When only the answer to our own settle was lost, or to this, its event stands there already, and nothing is left to do.
 *
 * A transaction, unlike all else here: it happens rarely, and what another worker or a person has just added to this message
 * is only seen by a statement that begins once the message is locked.
 */
export async function settleProvenSent(
  sql: Sql,
  proof: { messageId: string; hold: string; reply: string | null; detail: EventDetail },
): Promise<void> {
  const { messageId, hold, reply, detail } = proof
  await sql.begin(async (tx) => {
    await tx`select id from outbox where message_id = ${messageId} order by id for update`
    await tx`select id from messages where id = ${messageId} for update`
    await tx`
      with before as (
        select id, status, priority from messages
        where id = ${messageId} and not exists (
          select from message_events where message_id = ${messageId} and event in ('sent', 'proven_sent') and detail->>'hold' = ${hold}
        )
      ), said as (
        update messages m
        set status = 'sent', sent_at = coalesce(sent_at, now()), closed_at = now(), dead_reason = null, last_cause = null,
            may_have_been_delivered = true, last_reply = coalesce(${reply}, last_reply)
        from before where m.id = before.id
      ), gone as (
        delete from outbox o using before where o.message_id = before.id and o.kind in ('send', 'dead_letter') returning o.kind
      ), recalled as (
        -- Its notice has left for email-dlq: whoever reads there learns that it was sent after all.
        insert into outbox (kind, message_id, priority, ring_at)
        select 'dead_letter_recalled', id, priority, now() from before
        where status = 'dead' and not exists (select from gone where kind = 'dead_letter')
      ), erased as (
        delete from message_secrets s using before where s.message_id = before.id
      ), unlisted as (
        delete from suppressions s using before where s.message_id = before.id and s.reason = 'hard_bounce'
        returning s.address_key, s.message_id
      ), audited as (
        insert into audit_log (actor, action, target, detail, request_id)
        select 'system', 'suppression.removed', 'address:' || address_key, jsonb_build_object('reason', 'proven_sent', 'message_id', message_id), 'worker'
        from unlisted
      ), woken as (
        select pg_notify('outbox', '') from before where status = 'dead'
      )
      insert into message_events (message_id, event, detail)
      select id, 'proven_sent', ${tx.json({ ...detail, hold })} from before left join woken on true`
  })
}

/** A secret outlives its dead message by 72 h at most: long enough to send it again, short enough not to lie around. */
export async function eraseOldSecrets(sql: Sql): Promise<number> {
  const erased = await sql`
    delete from message_secrets s using messages m
    where m.id = s.message_id and m.closed_at < now() - interval '72 h'`
  return erased.count
}
