import { mailState } from '@/core/mail-state'
import type { DeliveryView } from '@/core/views'
import { findMailFacts } from '@/db/mail-state'
import type { Context } from './context'
import { apiWords } from './words'

/** Whether mail flows; if not, since when, how many wait, and why. */
export async function getDelivery({ db, config }: Context): Promise<DeliveryView> {
  const facts = await findMailFacts(db)
  return {
    ...mailState(facts, apiWords(config)),
    routes: facts.breakers.map(({ openedAt, ...breaker }) => ({ ...breaker, opened_at: openedAt })),
    day_rate_used_up_until: facts.dayRateUsedUpUntil,
  }
}
