import { sql } from 'drizzle-orm'
import type { BreakerFacts } from '@/core/mail-state'
import type { Executor } from './client'
import { breakers, sendRate } from './schema'

/** Nobody needs it more exactly, and counting further would cost the workers. */
const countAtMost = 100_000

/** What all workers share about whether mail flows. `waiting`: due, and held by nobody. */
export async function findMailFacts(
  db: Executor,
): Promise<{ breakers: BreakerFacts[]; waiting: number; dayRateUsedUpUntil: string | null }> {
  const [rows, [rate], [count]] = await Promise.all([
    db
      .select()
      .from(breakers)
      .orderBy(sql`${breakers.route} desc`),
    db
      .select({ until: sendRate.usedUpUntil })
      .from(sendRate)
      .where(sql`${sendRate.usedUpUntil} > now()`),
    db.execute<{ waiting: number }>(sql`
      select count(*)::int as waiting from (
        select from outbox where kind = 'send' and hold is null and due_at <= now() limit ${countAtMost}
      ) due`),
  ])
  return {
    breakers: rows.map(({ route, state, kind, cause, openedAt }) => ({
      route,
      state,
      kind,
      cause,
      openedAt: openedAt?.toISOString() ?? null,
    })),
    waiting: count?.waiting ?? 0,
    dayRateUsedUpUntil: rate?.until?.toISOString() ?? null,
  }
}
