import { mailState } from '@/core/mail-state'
import type { DeliveryView } from '@/core/views'
import { findMailFacts } from '@/db/mail-state'
import type { Context } from './context'
import { shared } from './shared'
import { apiWords } from './words'

/** Pages look every few seconds; who looks in between gets the same. */
const keepMs = 1_000

/** Whether mail flows; if not, since when, how many wait, and why. One question for all open pages of this process. */
export const getDelivery = shared(keepMs, async ({ db, config }: Context): Promise<DeliveryView> => {
  const facts = await findMailFacts(db)
  return {
    ...mailState(facts, apiWords(config)),
    routes: facts.breakers.map(({ openedAt, ...breaker }) => ({ ...breaker, opened_at: openedAt })),
    day_rate_used_up_until: facts.dayRateUsedUpUntil,
  }
})
