import { and, sql, type SQL } from 'drizzle-orm'
import { firstIdOf } from '@/core/message-id'
import type { MessageFilter } from '@/core/requests'
import type { Executor } from './client'
import { estimate } from './estimate'
import { containing, hasTrigram, literally } from './pattern'

/** Which messages fit, the newest first. */
type Found = {
  ids: string[]
  /** There may be older ones that fit: from here on (exclusive) nobody has looked. Null: these are all. */
  goOnBefore: string | null
}

/**
 * The sizes of the windows: so many messages are looked at for one answer, however few of them fit. No index of `messages` may
 * know their status, so a rare mixture of filters could otherwise mean to read them all. Neighbours lie on the same pages; those
 * that a status leads to do not, and each costs ten times as much.
 */
const windowsOfNeighbours = [1_000, 14_000]
const windowsOfScattered = [1_000, 12_000]
/**
 * More matches of a text than these are not sorted: the newest of them are found sooner by walking back from the end. Along what
 * is scattered both ways may be gone in one answer, so there are fewer.
 */
const mostMatches = { ofNeighbours: 10_000, ofScattered: 4_000 }

/**
 * The ids that fit, newest first: they are in the order of time (UUID version 7), so an id is the cursor.
 *
 * Walks back from `before` along the one index that leaves out most (a status by its outbox row or its closing event, else a
 * sender, template or type, else all), in windows that grow. A text that a window does not show often enough is looked up by its
 * trigrams instead. Each step is shaped so that no wrong estimate of the planner makes it long.
 */
export async function findMessageIds(
  db: Executor,
  filter: MessageFilter,
  range: { before?: string | undefined; limit: number; windows?: readonly number[] },
): Promise<Found> {
  const { limit } = range
  const source = sourceOf(filter)
  const windows = source.isWhole ? [limit] : (range.windows ?? source.windows)
  const ids: string[] = []
  let before = range.before
  let isTextTried = false
  for (const [index, size] of windows.entries()) {
    const seen = await source.look(db, { before, size, limit: limit - ids.length })
    ids.push(...seen.ids)
    if (ids.length >= limit) return { ids, goOnBefore: ids.at(-1) ?? null }
    if (seen.last === null) return { ids, goOnBefore: null }
    before = seen.last
    const missing = limit - ids.length
    // As many again as in this window, for its size: then the next one is the shortest way to a full page.
    const hoped = (seen.ids.length / size) * (windows[index + 1] ?? 0)
    if (isTextTried || hoped >= missing) continue
    isTextTried = true
    const older = await findByText(db, filter, { before, limit: missing, most: source.mostMatches })
    if (older !== null) {
      ids.push(...older)
      return { ids, goOnBefore: ids.length >= limit ? (ids.at(-1) ?? null) : null }
    }
  }
  return { ids, goOnBefore: before ?? null }
}

/** The same of all mail of an account: what is about it, and what went to this address, also where nobody named the account. */
export async function findMailOf(
  db: Executor,
  { user, address }: { user: number; address: string },
  range: { before?: string | undefined; limit: number },
): Promise<Found> {
  const both = await Promise.all([findMessageIds(db, { user }, range), findMessageIds(db, { address }, range)])
  const all = [...new Set(both.flatMap(({ ids }) => ids))].toSorted((a, b) => (a < b ? 1 : -1))
  // Where one of them stopped, nobody knows what is older.
  const stops = both.flatMap(({ goOnBefore }) => goOnBefore ?? []).toSorted()
  const from = stops.at(-1) ?? null
  const ids = all.filter((id) => from === null || id >= from).slice(0, range.limit)
  const isFull = ids.length >= range.limit
  return { ids, goOnBefore: isFull ? (ids.at(-1) ?? null) : from }
}

/** How many fit, counted up to `most`; not `isAll`: there are more, or there may be. */
export async function countMessages(
  db: Executor,
  filter: MessageFilter,
  most: number,
): Promise<{ count: number; isAll: boolean }> {
  const { ids, goOnBefore } = await findMessageIds(db, filter, { limit: most + 1 })
  return { count: Math.min(ids.length, most), isAll: ids.length <= most && goOnBefore === null }
}

type Window = { before: string | undefined; size: number; limit: number }
/** `last`: the oldest that was looked at; null when there are no older ones. */
type Seen = { ids: string[]; last: string | null }
type Source = {
  /** All that it leads to fits. */
  isWhole: boolean
  windows: readonly number[]
  mostMatches: number
  look: (db: Executor, window: Window) => Promise<Seen>
}

/** What ends a message otherwise than accepted, and so has an event in the index message_events_ended. */
const endings = ['dead', 'cancelled', 'suppressed'] as const
const underWay = ['queued', 'sending', 'retrying'] as const

function sourceOf(filter: MessageFilter): Source {
  const { status, delivery } = filter
  const isWanted = (one: (typeof endings)[number] | (typeof underWay)[number]) =>
    status === undefined || status.includes(one) || (status.includes('may_have_been_delivered') && one !== 'sending')
  const maySent = status === undefined || status.includes('sent')
  // What is held has not been sent; what was pretended has an event of its own.
  const isRare = !maySent || (delivery !== undefined && !delivery.includes('send'))
  if (isRare) {
    // What is held is never tried: it can only be cancelled.
    const isHeld = delivery?.every((one) => one === 'held') === true
    const events: string[] = endings.filter((one) => isWanted(one) && (!isHeld || one === 'cancelled'))
    if (maySent && delivery?.includes('pretend')) events.push('pretended')
    // One that workers were lost over again and again is given up by that event.
    if (events.includes('dead')) events.push('worker_lost')
    return byWork(filter, events, underWay.some(isWanted))
  }
  const lead = leadOf(filter)
  const rest = and(matchesStatus(filter), matchesText(filter), matchesRest(filter, lead.by), ofTime(filter))
  return {
    isWhole: rest === undefined,
    windows: windowsOfNeighbours,
    mostMatches: mostMatches.ofNeighbours,
    look: (db, window) => lookBack(db, filter, window, lead.is, rest ?? sql`true`),
  }
}

type Lead = { column: SQL; value: SQL | string }
type LeadBy = 'user' | 'sender' | 'template' | 'type' | null

/** The equality that an index walks along. */
function leadOf({ user, sender, template, type }: MessageFilter): { by: LeadBy; is: Lead | null } {
  if (user !== undefined) return { by: 'user', is: { column: sql`m.user_id`, value: sql`${user}::int` } }
  if (sender !== undefined) return { by: 'sender', is: { column: sql`m.created_by_name`, value: sender } }
  if (template !== undefined) return { by: 'template', is: { column: sql`m.template`, value: template } }
  if (type !== undefined) return { by: 'type', is: { column: sql`m.type`, value: type } }
  return { by: null, is: null }
}

async function lookBack(db: Executor, filter: MessageFilter, window: Window, lead: Lead | null, fits: SQL) {
  const { within, order } = lead ? along(lead, filter, window) : alongAll(filter, window)
  const [row] = await db.execute<Row>(sql`
    with seen as materialized (
      select m.id, coalesce(${fits}, false) as fits from messages m where ${within} order by ${order} limit ${window.size}
    )
    select array(select id from seen where fits order by id desc limit ${window.limit}) as ids,
      (select count(*)::int from seen) as seen, (select id from seen order by id limit 1) as last`)
  return toSeen(row, window)
}

const alongAll = (filter: MessageFilter, { before }: Window) => ({
  within: ofIds(filter, sql`m.id`, before) ?? sql`true`,
  order: sql`m.id desc`,
})

/**
 * Told as a range, so that no index but the one of this column gives the order. Told as an equality, the planner would walk along
 * all messages where it thinks that the value is common, and never arrive where it has not been used for long.
 */
function along({ column, value }: Lead, filter: MessageFilter, { before }: Window) {
  const begun = before === undefined ? sql`${column} <= ${value}` : sql`(${column}, m.id) < (${value}, ${before}::uuid)`
  return {
    within: and(begun, sql`${column} >= ${value}`, ofIds(filter, sql`m.id`, undefined)) ?? begun,
    order: sql`${column} desc, m.id desc`,
  }
}

/** Along the outbox and the closing events, each in the order of ids; whether one still fits is asked of the message. */
function byWork(filter: MessageFilter, events: readonly string[], isUnderWay: boolean): Source {
  const fits = and(matchesStatus(filter), matchesText(filter), matchesRest(filter, null), ofTime(filter)) ?? sql`true`
  return {
    isWhole: false,
    windows: windowsOfScattered,
    mostMatches: mostMatches.ofScattered,
    async look(db, window) {
      const within = ofIds(filter, sql`message_id`, window.before) ?? sql`true`
      const newest = sql`and ${within} order by message_id desc limit ${window.size}`
      const branches = [
        ...events.map((event) => sql`(select message_id from message_events where event = ${event} ${newest})`),
        ...(isUnderWay ? [sql`(select message_id from outbox where kind = 'send' ${newest})`] : []),
      ]
      if (branches.length === 0) return { ids: [], last: null }
      const [row] = await db.execute<Row>(sql`
        with seen as materialized (
          select message_id as id from (${sql.join(branches, sql` union all `)}) every order by message_id desc limit ${window.size}
        )
        select array(
            select s.id from (select distinct id from seen order by id desc) s
            cross join lateral (select from messages m where m.id = s.id and ${fits} offset 0) m
            order by s.id desc limit ${window.limit}
          ) as ids,
          (select count(*)::int from seen) as seen, (select id from seen order by id limit 1) as last`)
      return toSeen(row, window)
    },
  }
}

type Row = { ids: string[]; seen: number; last: string | null }
const toSeen = (row: Row | undefined, { size }: Window): Seen => ({
  ids: row?.ids ?? [],
  last: row && row.seen >= size ? row.last : null,
})

/**
 * Those of a text, by the trigram index: all of them, sorted.
 * @returns null when there is no such text, or too many match it for that
 */
async function findByText(
  db: Executor,
  filter: MessageFilter,
  { before, limit, most }: { before: string; limit: number; most: number },
): Promise<string[] | null> {
  if (![filter.to, filter.address, filter.search].some(hasTrigram)) return null
  const byIndex = matchesText(filter, tellingPart)
  if ((await estimate(db, sql`select from messages m where ${byIndex}`)) > most * 3) return null
  const fits = and(matchesStatus(filter), matchesRest(filter, null), ofTime(filter)) ?? sql`true`
  // In a form that no other index serves: the planner would rather walk along ids, and not find the end of it.
  const older = ofIds(filter, sql`coalesce(m.id, null)`, before)
  const [row] = await db.execute<{ ids: string[]; seen: number }>(sql`
    with seen as materialized (
      select m.id, coalesce(${fits}, false) as fits from messages m where ${and(byIndex, matchesText(filter, undefined, unindexed), older)}
      limit ${most + 1}
    )
    select array(select id from seen where fits order by id desc limit ${limit}) as ids, (select count(*)::int from seen) as seen`)
  return row && row.seen <= most ? row.ids : null
}

function matchesStatus({ status, delivery }: MessageFilter): SQL | undefined {
  if (status === undefined && delivery === undefined) return undefined
  const doubtful = sql`m.may_have_been_delivered and m.status not in ('sent', 'sending')`
  const stored = status?.filter((one) => one !== 'may_have_been_delivered')
  const isListed = stored?.length ? sql`m.status in ${stored}` : sql`false`
  return and(
    status && (status.includes('may_have_been_delivered') ? sql`(${isListed} or ${doubtful})` : isListed),
    delivery && (delivery.length > 0 ? sql`m.delivery in ${delivery}` : sql`false`),
  )
}

/**
 * @param part what of each text is looked for
 * @param written how a column is named
 */
function matchesText(
  { to, address: whole, search }: MessageFilter,
  part = (text: string): string => text,
  written = (column: SQL): SQL => column,
): SQL | undefined {
  const [address, subject] = [written(sql`m.to_address`), written(sql`m.subject`)]
  const [inAddress, inEither] = [to && containing(part(to)), search && containing(part(search))]
  const begun = whole === undefined ? '' : part(whole)
  const isAddress = whole && `${literally(begun)}${begun === whole ? '' : '%'}`
  return and(
    isAddress ? sql`${address} ilike ${isAddress}` : undefined,
    inAddress ? sql`${address} ilike ${inAddress}` : undefined,
    inEither ? sql`(${address} ilike ${inEither} or ${subject} ilike ${inEither})` : undefined,
  )
}

/** Of an address that which tells it from others: the trigrams of its domain stand in so many that they only cost time. */
const tellingPart = (text: string): string => {
  const local = text.slice(0, text.indexOf('@') + 1)
  return hasTrigram(local) ? local : text
}
/** In a form that no index serves. */
const unindexed = (column: SQL): SQL => sql`(${column} || '')`

/** The equalities but for the one that led here. */
function matchesRest({ user, sender, template, type }: MessageFilter, lead: LeadBy) {
  return and(
    user === undefined || lead === 'user' ? undefined : sql`m.user_id = ${user}::int`,
    sender === undefined || lead === 'sender' ? undefined : sql`m.created_by_name = ${sender}`,
    template === undefined || lead === 'template' ? undefined : sql`m.template = ${template}`,
    type === undefined || lead === 'type' ? undefined : sql`m.type = ${type}`,
  )
}

const ofTime = ({ from, until }: MessageFilter): SQL | undefined =>
  and(
    from === undefined ? undefined : sql`m.created_at >= ${from}::timestamptz`,
    until === undefined ? undefined : sql`m.created_at < ${until}::timestamptz`,
  )

/** An id is made a moment after the instant of acceptance, and clocks may be set: only about where to look. */
const slackMs = 10 * 60_000

/** Between ids: the same span of time, widened, and older than the cursor. */
const ofIds = ({ from, until }: MessageFilter, id: SQL, before: string | undefined): SQL | undefined =>
  and(
    before === undefined ? undefined : sql`${id} < ${before}::uuid`,
    from === undefined ? undefined : sql`${id} >= ${firstIdOf(Date.parse(from) - slackMs)}::uuid`,
    until === undefined ? undefined : sql`${id} < ${firstIdOf(Date.parse(until) + slackMs)}::uuid`,
  )
