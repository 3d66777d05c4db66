import { and, sql, type SQL } from 'drizzle-orm'
import type { MailOutcome, UserFilter, UserPlace, UserSort } from '@/core/requests'
import { roleLabel, roles, type Role } from '@/core/roles'
import { dayStart } from '@/core/day'
import { typedDay } from '@/core/typed-day'
import type { Executor } from './client'
import { estimate } from './estimate'
import { containing, hasTrigram } from './pattern'

type Order = { by: UserSort; order: 'asc' | 'desc' }

/** `isOfWords`: a search means names, addresses and ids, and neither roles nor days. */
export type UserWords = UserFilter & { isOfWords?: boolean }

/** Whom a list shows. */
type Found = {
  ids: number[]
  /** There may be more who fit: after them nobody has looked. Null: these are all. */
  goOnAfter: UserPlace | null
  /** It stopped before the page was full. */
  isPartial: boolean
}

/**
 * Of so many people the last mail is looked up for one page. All else is asked of `users` alone, and that table is small: even
 * a walk through all of it stays below 200 ms with 100,000 accounts.
 */
const windows = [2_000, 12_000]
/** So many mails at most are looked at to find whom a rare outcome belongs to. */
const mostMails = 25_000

/**
 * The ids that fit, in this order; `after` is the last of the page before.
 *
 * What became of somebody's last mail stands in `messages`, and no index there may know it. So people are asked one by one, in the
 * order of the list; an outcome that is rare is followed from the mails that have it instead.
 */
export async function findUserIds(
  db: Executor,
  filter: UserWords,
  order: Order,
  range: { after?: UserPlace | undefined; offset?: number; limit: number },
): Promise<Found> {
  const { limit, offset = 0 } = range
  const own = await narrowed(db, matches(filter))
  const { mail } = filter
  if (mail === undefined)
    return full(await inOrder(db, own, order, { ...range, offset, limit: limit + 1 }), limit, order)

  const wanted = offset + limit + 1
  const found: Row[] = []
  const answer = () => full(found.slice(offset), limit, order)
  let { after } = range
  for (const [index, size] of windows.entries()) {
    const window = await inOrder(db, own, order, { after, limit: size })
    found.push(...(await withMail(db, window, mail, wanted - found.length)))
    const last = window.at(-1)
    if (found.length >= wanted || window.length < size || !last) return answer()
    after = placeOf(last, order)
    const people = index === 0 ? await peopleOfMails(db, mail) : null
    if (people !== null) {
      const among = and(own, sql`u.id = any(${arrayOf(people)})`)
      found.push(...(await inOrder(db, among, order, { after, limit: wanted - found.length })))
      return answer()
    }
  }
  return { ids: found.slice(offset).map(({ id }) => id), goOnAfter: after ?? null, isPartial: true }
}

/** The newest of those whose whole name this is, in either order. */
export async function findNamed(db: Executor, name: string, limit: number): Promise<number[]> {
  // The pattern alone is found by its trigrams; a name that has none would be looked for in all of them.
  if (!hasTrigram(name)) return []
  const rows = await db.execute<{ id: number }>(sql`
    select u.id from users u
    where ${indexedWords} ilike ${containing(name)}
      and lower(${name}) in (lower(u.first_name || ' ' || u.last_name), lower(u.last_name || ' ' || u.first_name))
    order by u.id desc limit ${limit}`)
  return rows.map(({ id }) => id)
}

/** Those whose names and address resemble this most, as a mistyped one does (pg_trgm: a word similarity of at least 0.6). */
export async function findSimilar(db: Executor, text: string, limit: number): Promise<number[]> {
  if (!hasTrigram(text)) return []
  const rows = await db.execute<{ id: number }>(sql`
    select u.id from users u where ${text} <% ${indexedWords}
    order by word_similarity(${text}, ${indexedWords}) desc, u.id desc limit ${limit}`)
  return rows.map(({ id }) => id)
}

/** How many fit, counted up to `most`; not `isAll`: there are more, or there may be. */
export async function countUsers(
  db: Executor,
  filter: UserWords,
  most: number,
): Promise<{ count: number; isAll: boolean }> {
  if (filter.mail !== undefined) {
    const { ids, goOnAfter } = await findUserIds(db, filter, { by: 'id', order: 'desc' }, { limit: most })
    return { count: ids.length, isAll: goOnAfter === null }
  }
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from (select from users u where ${matches(filter) ?? sql`true`} limit ${most + 1}) one`)
  const count = row?.count ?? 0
  return { count: Math.min(count, most), isAll: count <= most }
}

type Row = { id: number; key: string }

const placeOf = ({ id, key }: Row, { by }: Order): UserPlace => [by, key, id]

/** A page of `limit`; one row more, where there is one, says that there are others. */
function full(rows: readonly Row[], limit: number, order: Order): Found {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    ids: rows.slice(0, limit).map(({ id }) => id),
    goOnAfter: last ? placeOf(last, order) : null,
    isPartial: false,
  }
}

/** What is sorted by; how its value is written into a cursor, and how it is read from there. */
const sorts: Record<UserSort, { column: SQL; written: SQL; type: SQL }> = {
  id: { column: sql`u.id`, written: sql`value::text`, type: sql`int` },
  created_at: {
    column: sql`u.created_at`,
    written: sql`to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    type: sql`timestamptz`,
  },
  first_name: { column: sql`lower(u.first_name)`, written: sql`value`, type: sql`text` },
  last_name: { column: sql`lower(u.last_name)`, written: sql`value`, type: sql`text` },
  email: { column: sql`lower(u.email)`, written: sql`value`, type: sql`text` },
  role: { column: sql`u.role`, written: sql`value`, type: sql`text` },
}

async function inOrder(
  db: Executor,
  which: SQL | undefined,
  { by, order }: Order,
  { after, limit, offset = 0 }: { after?: UserPlace | undefined; limit: number; offset?: number },
): Promise<Row[]> {
  const { column, written, type } = sorts[by]
  const [direction, beyond] = order === 'asc' ? [sql`asc`, sql`>`] : [sql`desc`, sql`<`]
  const rest = after ? sql`(${column}, u.id) ${beyond} (${after[1]}::${type}, ${after[2]}::int)` : undefined
  // Written outside: inside it would be done for all who are passed over.
  return await db.execute<Row>(sql`
    select id, ${written} as key from (
      select u.id, ${column} as value from users u where ${and(which, rest) ?? sql`true`}
      order by ${column} ${direction}, u.id ${direction} limit ${limit} offset ${offset}
    ) page order by value ${direction}, id ${direction}`)
}

/** Fewer than these are read and sorted; of more, the first in order are found sooner by walking along an index of the order. */
const mostSorted = 15_000

/**
 * The same condition. Where few fit, in a form that has them found first: the planner would rather walk along the order, and
 * pass over half of all people on its way to the first one.
 */
async function narrowed(db: Executor, which: SQL | undefined): Promise<SQL | undefined> {
  if (which === undefined) return undefined
  const expected = await estimate(db, sql`select from users u where ${which}`)
  return expected > mostSorted ? which : sql`u.id = any(array(select u.id from users u where ${which}))`
}

function matches({ search, zone = 'UTC', role, status, isOfWords = false }: UserWords): SQL | undefined {
  return and(
    role === undefined ? undefined : sql`u.role = ${role}`,
    status === undefined ? undefined : ofStatus[status],
    search ? found(search, isOfWords ? null : zone) : undefined,
  )
}

const ofStatus: Record<NonNullable<UserFilter['status']>, SQL> = {
  active: sql`u.status = 'active'`,
  disabled: sql`u.status = 'disabled'`,
  /** They were asked to come in, and have not been here yet. */
  invited: sql`(u.status = 'active' and (u.password_hash is null or u.must_change_password) and u.last_sign_in_at is null)`,
}

/** As the index users_words has it. */
const indexedWords = sql`(u.first_name || ' ' || u.last_name || ' ' || u.first_name || ' ' || u.email)`

/** By its name in the API, or by the words that people see, from the beginning of one of them. */
const isCalled = (role: Role, said: string): boolean =>
  role.includes(said) || ` ${roleLabel(role).toLowerCase()}`.includes(` ${said}`)

/**
 * A part of the name, in both orders, of the address or of the role; or an id; or the day of the beginning, as it
 * is in this zone; without one the name, the address and the id alone.
 */
function found(search: string, zone: string | null): SQL {
  const said = search.toLowerCase()
  const meant = zone === null ? [] : roles.filter((role) => isCalled(role, said))
  const day = zone === null ? null : typedDay(search)
  // Of one or two letters that index knows nothing, and would only be read in vain: a form that it does not serve.
  const words = hasTrigram(search) ? indexedWords : sql`(${indexedWords} || '')`
  return sql`(${sql.join(
    [
      sql`${words} ilike ${containing(search)}`,
      ...(meant.length > 0 ? [sql`u.role in ${meant}`] : []),
      ...(/^\d{1,9}$/.test(search) ? [sql`u.id = ${Number(search)}::int`] : []),
      ...(day
        ? [
            sql`(u.created_at >= ${dayStart(day, zone ?? 'UTC')}::timestamptz and u.created_at < ${dayStart(day, zone ?? 'UTC', 1)}::timestamptz)`,
          ]
        : []),
    ],
    sql` or `,
  )})`
}

/** What became of the last mail `m` to somebody. Disjoint: who cannot be sure is not among those who know. */
const outcome = sql`case
  when m.may_have_been_delivered and m.status not in ('sent', 'sending') then 'may_have_been_delivered'
  when m.status in ('queued', 'sending', 'retrying') then 'on_its_way'
  when m.status = 'sent' and m.delivery <> 'pretend' then 'accepted' else 'not_accepted' end`

const outcomeOfLast = (userId: SQL): SQL =>
  sql`select ${outcome} from messages m where m.user_id = ${userId} order by m.id desc limit 1`

/** Those of these people whose last mail has come to this, in their order, and nobody is asked once there are enough. */
async function withMail(db: Executor, rows: readonly Row[], mail: MailOutcome, limit: number): Promise<Row[]> {
  const fitting = await db.execute<{ n: number }>(sql`
    select p.n::int as n from unnest(${arrayOf(rows.map(({ id }) => id))}) with ordinality as p(id, n)
    where (${outcomeOfLast(sql`p.id`)}) = ${mail}
    order by p.n limit ${limit}`)
  return fitting.flatMap(({ n }) => rows[n - 1] ?? [])
}

/** The events of the mails that have it, by which they were ended or lost for good; the work that is left finds the rest. */
const leads: Record<MailOutcome, { events: readonly string[]; work: boolean } | null> = {
  accepted: null,
  on_its_way: { events: [], work: true },
  not_accepted: { events: ['dead', 'worker_lost', 'cancelled', 'suppressed', 'pretended'], work: false },
  may_have_been_delivered: { events: ['dead', 'worker_lost', 'cancelled', 'suppressed'], work: true },
}

/**
 * All whose last mail came to this, found from the mails; null when so many may have that it would take too long. Only of those
 * whose mail is really their last one is a message itself looked at: the rest is told by indexes alone.
 */
async function peopleOfMails(db: Executor, mail: MailOutcome): Promise<number[] | null> {
  const lead = leads[mail]
  if (lead === null) return null
  const newest = sql`order by message_id desc limit ${mostMails + 1}`
  const branches = [
    ...lead.events.map((event) => sql`(select message_id from message_events where event = ${event} ${newest})`),
    ...(lead.work ? [sql`(select message_id from outbox where kind = 'send' ${newest})`] : []),
  ]
  const [row] = await db.execute<{ ids: number[]; seen: number }>(sql`
    with seen as materialized (
      select message_id as id from (${sql.join(branches, sql` union all `)}) every limit ${mostMails + 1}
    ), theirs as materialized (
      select s.id, m.user_id from seen s
      cross join lateral (select m.user_id from messages m where m.id = s.id and m.user_id is not null offset 0) m
      where (select count(*) from seen) <= ${mostMails}
    ), newest as materialized (
      select distinct on (user_id) user_id, id from theirs order by user_id, id desc
    ), last as materialized (
      select n.user_id, n.id from newest n
      where n.id = (select m.id from messages m where m.user_id = n.user_id order by m.id desc limit 1)
    )
    select (select count(*)::int from seen) as seen,
      array(select l.user_id from last l where (select ${outcome} from messages m where m.id = l.id) = ${mail}) as ids`)
  return row && row.seen <= mostMails ? row.ids : null
}

const arrayOf = (ids: readonly number[]): SQL => sql`${`{${ids.join(',')}}`}::int[]`
