import type { DeliveryHour } from '@/core/promise'
import { findDeliveryHours } from '@/db/delivery-hours'
import type { Context } from './context'

/** What each hour of the last days brought, the oldest first; hours that nobody has counted are left out. */
export async function getDeliveryHours({ pages }: Context, days: number): Promise<DeliveryHour[]> {
  const rows = await findDeliveryHours(pages, days)
  return rows.map((row) => ({
    hour: row.hour.toISOString(),
    asked: row.asked,
    accepted: row.accepted,
    in_time: row.inTime,
    at_first_try: row.atFirstTry,
    dead: row.dead,
    median_ms: row.medianMs,
    p95_ms: row.p95Ms,
  }))
}
