import { Notice } from '@/app/_ui/notice'
import { useWords } from '@/app/_ui/words'
import { mailState, waitingWords } from '@/core/mail-state'
import type { PipelineView } from '@/core/pipeline'
import type { DeliveryView } from '@/core/views'

/** Says that mail is delayed, or that nobody is there to send it: since when, how many wait, and why; nothing while it flows. */
export function DelayedMail({ delivery, pipeline }: { delivery: DeliveryView; pipeline: PipelineView }) {
  const { words } = useWords()
  const { routes, waiting, day_rate_used_up_until: dayRateUsedUpUntil } = delivery
  // Told anew from the facts: the API speaks of times in UTC, this reader has their own.
  const breakers = routes.map(({ opened_at: openedAt, ...route }) => ({ ...route, openedAt }))
  const { state, sentence } = mailState({ breakers, waiting, dayRateUsedUpUntil }, words)
  if (state === 'delayed')
    return (
      <Notice severity="warning" title="Mail is delayed">
        <span suppressHydrationWarning>{sentence}</span>
      </Notice>
    )
  const { up, away } = pipeline.workers
  if (up > 0)
    return away === 0 ? null : (
      <Notice severity="warning" title={away === 1 ? 'A worker is away' : `${away} workers are away`}>
        {up} of {up + away} {up === 1 ? 'goes' : 'go'} on sending, and nothing is lost. What one of them was sending
        when it went away is sent again within minutes, and flagged.
      </Notice>
    )
  return (
    <Notice severity="warning" title="No worker is running">
      {waitingWords(pipeline.outbox.waiting)} Mail is sent as soon as a worker is up again: start one, or ask whoever
      runs the system.
    </Notice>
  )
}
