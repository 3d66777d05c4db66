import { sql } from 'drizzle-orm'
import type { Executor } from './client'

/** How many rows a table has: exactly up to `most`, else what vacuum and analyze last made of it. */
export async function countRoughly(
  db: Executor,
  table: 'messages' | 'users',
  most: number,
): Promise<{ count: number; isExact: boolean }> {
  const [row] = await db.execute<{ some: number; about: number }>(sql`
    select (select count(*)::int from (select from ${sql.identifier(table)} limit ${most + 1}) one) as some, reltuples::float8 as about
    from pg_class where oid = ${table}::regclass`)
  const { some = 0, about = 0 } = row ?? {}
  return some <= most ? { count: some, isExact: true } : { count: Math.max(some, about), isExact: false }
}
