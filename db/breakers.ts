import type { BreakerKind, BreakerState, Route } from '@/core/breaker'
import type { Sql } from './client'

export type Breaker = {
  route: Route
  state: BreakerState
  kind: BreakerKind | null
  /** Milliseconds until a probe may be made, by Postgres's clock; negative: it is due. */
  probeInMs: number
  failures: number
}

/** Every change is told on this channel (`listenFor`), so that all workers stop, or go on, within milliseconds. */
const channel = 'breaker'

export async function readBreakers(sql: Sql): Promise<Breaker[]> {
  const rows = await sql<Breaker[]>`
    select route, state, kind, failures, coalesce(extract(epoch from probe_at - now()) * 1000, 0)::float8 as "probeInMs" from breakers`
  return [...rows]
}

/**
 * Stops the sending on a route, for all workers. One that is open already stays as it is: whoever came first has said why. The
 * instant since which mail is delayed is kept while it goes between open and half-open.
 * @returns whether it was this call that opened it
 */
export async function openBreaker(
  sql: Sql,
  breaker: { route: Route; kind: BreakerKind; cause: string; reply: string; probeInMs: number },
): Promise<boolean> {
  const { route, kind, cause, reply, probeInMs } = breaker
  const rows = await sql`
    with opened as (
      insert into breakers as b (route, state, kind, cause, reply, opened_at, probe_at)
      values (${route}, 'open', ${kind}, ${cause}, ${reply}, now(), now() + ${probeInMs}::float8 * interval '1 ms')
      on conflict (route) do update
      set state = 'open', kind = excluded.kind, cause = excluded.cause, reply = excluded.reply, probe_at = excluded.probe_at,
          opened_at = coalesce(b.opened_at, excluded.opened_at),
          failures = case when b.state = 'half_open' then least(b.failures + 1, 1000) else 0 end
      where b.state <> 'open'
      returning route
    )
    select pg_notify(${channel}, route) from opened`
  return rows.length > 0
}

/**
 * Takes the right to probe: exactly one worker gets it, and the next probe is moved ahead in the same statement, so that a
 * prober that dies delays the next by one interval only.
 */
export async function takeProbe(sql: Sql, route: Route, nextInMs: number): Promise<boolean> {
  const rows = await sql`
    update breakers set probe_at = now() + ${nextInMs}::float8 * interval '1 ms'
    where route = ${route} and state = 'open' and probe_at <= now()
    returning route`
  return rows.length > 0
}

/** The probe failed: what it said last is what people read, and the next one waits longer. */
export async function probeFailed(
  sql: Sql,
  probe: { route: Route; kind: BreakerKind; cause: string; reply: string; nextInMs: number },
): Promise<void> {
  await sql`
    update breakers
    set kind = ${probe.kind}, cause = ${probe.cause}, reply = ${probe.reply}, failures = least(failures + 1, 1000),
        probe_at = now() + ${probe.nextInMs}::float8 * interval '1 ms'
    where route = ${probe.route} and state = 'open'`
}

/** The probe went well: single mails may try whether it really works. */
export async function halfOpenBreaker(sql: Sql, route: Route): Promise<void> {
  await sql`
    with said as (update breakers set state = 'half_open' where route = ${route} and state = 'open' returning route)
    select pg_notify(${channel}, route) from said`
}

/** A mail went through. @returns how long mail was delayed, or null when it was not this call that closed it */
export async function closeBreaker(sql: Sql, route: Route): Promise<number | null> {
  const [row] = await sql<{ ms: number }[]>`
    with before as (select opened_at from breakers where route = ${route}),
    said as (
      update breakers set state = 'closed', kind = null, cause = null, reply = null, opened_at = null, probe_at = null, failures = 0
      where route = ${route} and state = 'half_open'
      returning route
    )
    select extract(epoch from now() - before.opened_at)::float8 * 1000 as ms, pg_notify(${channel}, said.route) from said, before`
  return row?.ms ?? null
}

/**
 * A worker has just started, perhaps with what was missing: whatever is open is asked at once. The rows say which routes there
 * are, so that the web process knows of a second one before it was ever needed.
 */
export async function announceRoutes(sql: Sql, routes: readonly Route[]): Promise<void> {
  await sql`
    with gone as (delete from breakers where route <> all(${[...routes]}::text[])),
    asked as (update breakers set probe_at = now() where state = 'open')
    insert into breakers (route) select * from unnest(${[...routes]}::text[]) on conflict do nothing`
}
