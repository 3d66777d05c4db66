import postgres from 'postgres'

const days = 8

/** From 0 to 1: people order by day, and less at the weekend. */
function busyness(hour: Date): number {
  const daily = Math.max(0.06, Math.sin(((hour.getUTCHours() - 5) / 16) * Math.PI))
  return daily * ([0, 6].includes(hour.getUTCDay()) ? 0.5 : 1)
}

/** From 0 to 1, the same in every run: pictures that change without a reason hide those that have one. */
const chance = (hour: number, of: number): number => Math.abs(Math.sin(hour * 12.9898 + of * 78.233) * 43_758.5453) % 1

/**
 * Gives a stack that has just begun a past to look at: what became of the mail of each hour of the last days, and a person's
 * name for its first account.
 */
export async function makePast(database: string, name: { first: string; last: string }): Promise<void> {
  const sql = postgres(database, { max: 1 })
  try {
    await sql`update users set first_name = ${name.first}, last_name = ${name.last} where role = 'super_admin'`
    const [row] = await sql<{ now: Date }[]>`select date_trunc('hour', now(), 'UTC') as now`
    if (!row) throw new Error('Postgres did not say what time it is')
    for (let back = days * 24; back > 0; back--) {
      const hour = new Date(row.now.getTime() - back * 3_600_000)
      const asked = Math.round(busyness(hour) * (140 + chance(back, 1) * 60))
      const dead = chance(back, 2) > 0.9 ? 1 : 0
      const accepted = Math.max(0, asked - dead)
      // One bad hour, some days ago.
      const late = Math.round(accepted * (back === 77 ? 0.3 : chance(back, 5) * 0.02))
      const medianMs = Math.round(180 + chance(back, 3) * 60)
      await sql`
        insert into delivery_hours (hour, asked, accepted, in_time, at_first_try, dead, median_ms, p95_ms)
        values (${hour}, ${asked}, ${accepted}, ${accepted - late}, ${accepted - late}, ${dead},
          ${accepted > 0 ? medianMs : null}, ${accepted > 0 ? (back === 77 ? 41_000 : Math.round(medianMs * (4 + chance(back, 4)))) : null})
        on conflict do nothing`
    }
  } finally {
    await sql.end()
  }
}
