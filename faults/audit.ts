import type { DeadReason, Status } from '@/core/message'
import type { Sql } from '@/db/client'
import type { Accepted } from '@/stack/scripted-smtp'

/**
 * The audit looks with statements of its own: it must not believe what it checks.
 *
 * accepted = sent + dead for an allowed reason + cancelled + suppressed; what is called sent was accepted by the SMTP server;
 * what it accepted twice is flagged; nothing is unfinished.
 */
export type Audit = {
  accepted: number
  sent: number
  dead: number
  cancelled: number
  suppressed: number
  /** Accepted by us, and now unknown, dead for a reason that this fault does not explain, or called sent unseen. */
  lost: string[]
  unfinished: string[]
  /** Accepted more than once by the server, or accepted and yet called dead. */
  flaggedDuplicates: string[]
  unflaggedDuplicates: string[]
  /** Marked `may_have_been_delivered`, whether a second copy left or not. */
  flagged: number
  /** Of an account without its mail, or the other way round. */
  halves: string[]
}

type Row = {
  id: string
  status: Status
  deadReason: DeadReason | null
  flagged: boolean
}

export async function audit(input: {
  sql: Sql
  tag: string
  accepted: ReadonlyMap<string, string>
  bySmtp: readonly Accepted[]
  allowedDead: readonly string[]
}): Promise<Audit> {
  const rows = await input.sql<Row[]>`
    select id, status, dead_reason as "deadReason", may_have_been_delivered as flagged
    from messages where to_address like ${`%@${input.tag}.example.com`}`
  const byId = new Map(rows.map((row) => [row.id, row]))
  const copies = new Map<string, number>()
  for (const { id } of input.bySmtp) copies.set(id, (copies.get(id) ?? 0) + 1)

  const lost = [...input.accepted.keys()].filter((id) => {
    const row = byId.get(id)
    if (!row) return true
    if (row.status === 'dead') return !input.allowedDead.includes(row.deadReason ?? '')
    return row.status === 'sent' && !copies.has(id)
  })
  // Also of those whose acceptance the caller never heard of.
  const twice = rows.filter(({ id, status }) => (copies.get(id) ?? 0) > (status === 'sent' ? 1 : 0))
  const isFinal = ({ status }: Row) => !['queued', 'sending', 'retrying'].includes(status)
  const count = (status: Status) => rows.filter((row) => input.accepted.has(row.id) && row.status === status).length
  return {
    accepted: input.accepted.size,
    sent: count('sent'),
    dead: count('dead'),
    cancelled: count('cancelled'),
    suppressed: count('suppressed'),
    lost,
    unfinished: rows.filter((row) => !isFinal(row)).map(({ id }) => id),
    flaggedDuplicates: twice.filter(({ flagged }) => flagged).map(({ id }) => id),
    unflaggedDuplicates: twice.filter(({ flagged }) => !flagged).map(({ id }) => id),
    flagged: rows.filter(({ flagged }) => flagged).length,
    halves: await halves(input.sql, input.tag),
  }
}

async function halves(sql: Sql, tag: string): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'user ' || u.id || ' without mail' as what from users u
    where u.email like ${`%@${tag}.example.com`} and not exists (select from messages m where m.user_id = u.id)
    union all
    select 'welcome ' || m.id || ' without user' from messages m
    where m.to_address like ${`%@${tag}.example.com`} and m.type = 'welcome' and m.user_id is null`
  return rows.map(({ what }) => what)
}

/** The end of the outbox now: what comes later is above it. */
export async function endOfOutbox(sql: Sql): Promise<number> {
  const [row] = await sql<{ last: number }[]>`select coalesce(max(id), 0)::float8 as last from outbox`
  return row?.last ?? 0
}

/** What is left to do: messages of this run that are not final, and rows that came to the outbox since. */
export async function workLeft(sql: Sql, tag: string, since: number): Promise<{ messages: number; outbox: number }> {
  const [row] = await sql<{ messages: number; outbox: number }[]>`
    select
      (select count(*)::int from messages where to_address like ${`%@${tag}.example.com`}
        and status in ('queued', 'sending', 'retrying')) as messages,
      (select count(*)::int from outbox where id > ${since}) as outbox`
  return row ?? { messages: 0, outbox: 0 }
}
