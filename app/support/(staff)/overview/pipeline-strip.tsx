import { span } from '@/app/_ui/format-time'
import { milliseconds } from '@/app/_ui/milliseconds'
import { Strip, type StripPart } from '@/app/_ui/strip'
import { useWords } from '@/app/_ui/words'
import { emptyInSeconds, trend, type NeedsView, type PipelineView } from '@/core/pipeline'
import { percent } from '@/core/promise'
import type { DeliveryView } from '@/core/views'

const count = (value: number) => value.toLocaleString('en-GB')

/** The way of every mail, part by part, with what stands in each now. Only the cause of a trouble is tinted. */
export function PipelineStrip(props: { pipeline: PipelineView; delivery: DeliveryView; needs: NeedsView }) {
  const { pipeline, delivery, needs } = props
  const { words } = useWords()
  const isPaused = delivery.state === 'delayed'
  const parts = [
    apiPart(pipeline),
    outboxPart(pipeline),
    kafkaPart(pipeline),
    workersPart(pipeline, isPaused),
    isPaused
      ? pausedPart(delivery, words.time)
      : smtpPart(pipeline, delivery.state === 'second_route' ? 'by the second route' : null),
    deadPart(pipeline, needs),
  ]
  return <Strip label="The way of every mail" parts={parts} hasArrows />
}

function apiPart({ api }: PipelineView): StripPart {
  return {
    label: 'API',
    mark: 'well',
    value: count(api.asked_this_hour),
    unit: 'this hour',
    detail: `${count(api.asked_last_hour)} the hour before`,
  }
}

const trends = { more: 'getting more', less: 'getting less', same: '' }

function outboxPart({ at, outbox }: PipelineView): StripPart {
  const { waiting, oldest_since: oldest, held } = outbox
  const empty = emptyInSeconds(outbox)
  const words = [
    oldest ? `oldest ${span(Date.parse(at) - Date.parse(oldest))}` : 'nothing is due',
    empty === null ? trends[trend(outbox)] : `empty in about ${span(empty * 1000)}`,
    held > 0 ? `${count(held)} held` : '',
  ]
  return {
    label: 'Outbox',
    mark: outbox.overdue > 0 ? 'waits' : 'well',
    value: count(waiting),
    unit: 'waiting',
    detail: words.filter(Boolean).join(', '),
    href: '/support/messages?status=queued&status=retrying',
  }
}

function kafkaPart({ kafka }: PipelineView): StripPart {
  if (!kafka)
    return {
      label: 'Kafka',
      mark: 'needs',
      value: 'Away',
      detail: 'it does not answer; mail waits, none is lost',
      isCause: true,
    }
  return {
    label: 'Kafka',
    mark: kafka.behind > 0 ? 'waits' : 'well',
    value: count(kafka.behind),
    unit: 'behind',
    detail: `${kafka.partitions} partitions`,
  }
}

function workersPart({ workers }: PipelineView, isPaused: boolean): StripPart {
  const known = workers.up + workers.away
  const isNone = workers.up === 0
  return {
    label: 'Workers',
    mark: isNone ? 'needs' : workers.away > 0 ? 'waits' : 'well',
    value: workers.away > 0 ? `${workers.up} of ${known}` : count(workers.up),
    unit: 'up',
    detail: isNone ? 'nobody sends' : isPaused ? 'holding, not sending' : `${count(workers.sending)} sending now`,
    isCause: isNone,
  }
}

function smtpPart({ smtp }: PipelineView, way: string | null): StripPart {
  const first = smtp.first_try_share === null ? 'no mail today yet' : `${percent(smtp.first_try_share)} at first try`
  return {
    label: 'SMTP',
    mark: way ? 'waits' : 'well',
    value: smtp.median_ms === null ? '–' : milliseconds(smtp.median_ms),
    unit: 'to accept',
    detail: way ?? first,
  }
}

function pausedPart({ since, kind }: DeliveryView, time: (instant: string) => string): StripPart {
  return {
    label: 'SMTP',
    mark: 'waits',
    value: 'Paused',
    ...(since && { unit: `since ${time(since)}` }),
    detail: kind === 'day_rate' ? 'the day’s share is used up' : 'it is tried again by itself',
    isCause: true,
  }
}

function deadPart({ dead }: PipelineView, needs: NeedsView): StripPart {
  const open = needs.dead + needs.in_doubt
  return {
    label: 'Dead letters',
    mark: open > 0 ? 'needs' : 'well',
    value: count(dead.last_day),
    unit: 'in 24 h',
    detail: open > 0 ? `${count(open)} to see to` : 'none to see to',
    href: '/support/messages?status=dead',
  }
}
