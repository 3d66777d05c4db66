import { and, desc, eq, gte, inArray, lt, or, sql, type SQL } from 'drizzle-orm'
import type { AuditFilter } from '@/core/audit-requests'
import type { AuditEntryView } from '@/core/views'
import type { Executor } from './client'
import { containing } from './pattern'
import { auditLog } from './schema'

const { id, at, actor, actorName, action, target, before, after, detail, address, requestId } = auditLog

/** The number in `user:5`, so that each name is one look into an index. */
const numberIn = (of: SQL, kind: 'user' | 'key') =>
  sql`case when ${of} ~ ${`^${kind}:[0-9]{1,9}$`} then split_part(${of}, ':', 2)::int end`

/** What an account or key is called today; null once it is gone. */
const nameNow = (of: SQL) => sql<string | null>`coalesce(
  (select users.first_name || ' ' || users.last_name from users where users.id = ${numberIn(of, 'user')}),
  (select api_keys.name from api_keys where api_keys.id = ${numberIn(of, 'key')}))`

/** Whom a message went to, and about what; null once it is erased. */
const mailNow = (of: SQL) => sql<string | null>`(
  select messages.to_address || ': ' || messages.subject from messages
  where messages.id = case when ${of} ~ '^message:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then substr(${of}, 9)::uuid end)`

/** By id or name: of the actor then and now, of the target now, of a request, of an address. */
function found(search: string): SQL | undefined {
  const wanted = containing(search)
  const named = sql`(
    select 'user:' || users.id from users where first_name || ' ' || last_name ilike ${wanted} or email ilike ${wanted}
    union all
    select 'key:' || api_keys.id from api_keys where name ilike ${wanted} or prefix = ${search})`
  return or(
    sql`${actorName} ilike ${wanted}`,
    sql`${target} ilike ${wanted}`,
    eq(actor, search),
    eq(requestId, search),
    eq(address, search),
    sql`${actor} in ${named}`,
    sql`${target} in ${named}`,
    // Of an account that is gone its rows still say whose it was.
    sql`${before}->>'email' ilike ${wanted}`,
    sql`${after}->>'email' ilike ${wanted}`,
  )
}

/** Newest first; `olderThan` is the id of the last row of the page before. */
export async function listAudit(
  db: Executor,
  query: AuditFilter & { olderThan?: number | undefined; limit: number },
): Promise<AuditEntryView[]> {
  const rows = await db
    .select({
      id,
      at,
      actor,
      actorName: sql<string | null>`coalesce(${actorName}, ${nameNow(sql`${actor}`)})`,
      action,
      target,
      targetName: sql<string | null>`coalesce(${nameNow(sql`${target}`)}, ${mailNow(sql`${target}`)})`,
      before,
      after,
      detail,
      address,
      requestId,
    })
    .from(auditLog)
    .where(
      and(
        query.olderThan === undefined ? undefined : lt(id, query.olderThan),
        query.actor === undefined ? undefined : eq(actor, query.actor),
        query.target === undefined ? undefined : eq(target, query.target),
        query.action === undefined ? undefined : inArray(action, query.action),
        query.from === undefined ? undefined : gte(at, new Date(query.from)),
        query.to === undefined ? undefined : lt(at, new Date(query.to)),
        query.search === undefined ? undefined : found(query.search),
      ),
    )
    .orderBy(desc(id))
    .limit(query.limit)
  return rows.map((row) => ({
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    actor_name: row.actorName,
    action: row.action,
    target: row.target,
    target_name: row.targetName,
    before: row.before,
    after: row.after,
    detail: row.detail,
    address: row.address,
    request_id: row.requestId,
  }))
}
