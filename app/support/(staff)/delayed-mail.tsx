'use client'

import { Notice } from '@/app/_ui/notice'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { mailState } from '@/core/mail-state'
import type { DeliveryView } from '@/core/views'

const path = '/api/delivery'

/** Says that mail is delayed, since when, how many wait and why; nothing while it flows. */
export function DelayedMail({ first }: { first: DeliveryView }) {
  const { words } = useWords()
  const query = usePolled<DeliveryView>({ path, everyMs: () => listPollMs.quiet, first: { path, answer: first } })
  const { routes, waiting, day_rate_used_up_until: dayRateUsedUpUntil } = query.data ?? first
  // Told anew from the facts: the API speaks of times in UTC, this reader has their own.
  const breakers = routes.map(({ opened_at: openedAt, ...route }) => ({ ...route, openedAt }))
  const { state, sentence } = mailState({ breakers, waiting, dayRateUsedUpUntil }, words)
  if (state !== 'delayed') return null
  return (
    <Notice severity="warning" title="Mail is delayed">
      <span suppressHydrationWarning>{sentence}</span>
    </Notice>
  )
}
