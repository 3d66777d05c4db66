'use client'

import Button from '@mui/material/Button'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { Live } from '@/app/_ui/live'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { createableRoles, type StaffActor } from '@/core/permissions'
import type { NeedsView, PipelineView } from '@/core/pipeline'
import type { DeliveryHour } from '@/core/promise'
import type { AnswerView, DeliveryView } from '@/core/views'
import { AnswerSearch } from './answer-search'
import { DelayedMail } from './delayed-mail'
import { MailPerHour, TimeToAccept } from './hour-charts'
import { NeedsSomeone } from './needs-someone'
import styles from './overview.module.css'
import { PipelineStrip } from './pipeline-strip'
import { PromiseStrip } from './promise-strip'
import { shownDays } from './shown-days'

type Now = { pipeline: PipelineView; needs: NeedsView }

const paths = { now: '/api/pipeline', delivery: '/api/delivery', hours: `/api/delivery/hours?days=${shownDays}` }
const pollMs = { now: 2_000, hours: 15_000 }

/** "Did they get it?" first; then how mail flows now, how it has flowed, and what needs somebody. */
export function Overview(props: {
  actor: StaffActor
  first: { pipeline: Now; delivery: DeliveryView; hours: { hours: DeliveryHour[] } }
  /** What the address of the page asks, and the answer. */
  asked: { question: string; answer: AnswerView } | null
}) {
  const { actor, first, asked } = props
  const now = usePolled<Now>({
    path: paths.now,
    everyMs: () => pollMs.now,
    first: { path: paths.now, answer: first.pipeline },
  })
  const delivery = usePolled<DeliveryView>({
    path: paths.delivery,
    everyMs: () => listPollMs.underWay,
    first: { path: paths.delivery, answer: first.delivery },
  })
  const counted = usePolled<{ hours: DeliveryHour[] }>({
    path: paths.hours,
    everyMs: () => pollMs.hours,
    first: { path: paths.hours, answer: first.hours },
  })
  const { pipeline, needs } = now.data ?? first.pipeline
  const { hours } = counted.data ?? first.hours
  const mail = delivery.data ?? first.delivery
  return (
    <div className={page.page}>
      <DelayedMail delivery={mail} pipeline={pipeline} />
      <PageHead
        title="Did they get it?"
        right={
          <>
            <Live query={now} />
            {createableRoles(actor).length > 0 ? (
              <Button
                component={Link}
                href="/support/users?create=1"
                variant="contained"
                startIcon={<Plus size={16} />}
              >
                Create user
              </Button>
            ) : null}
          </>
        }
      />
      <AnswerSearch actor={actor} first={asked} />
      <PipelineStrip pipeline={pipeline} delivery={mail} needs={needs} />
      <div className={styles.columns}>
        <MailPerHour hours={hours} />
        <TimeToAccept hours={hours} />
        <NeedsSomeone needs={needs} held={pipeline.outbox.held} />
      </div>
      <PromiseStrip hours={hours} overdue={pipeline.outbox.overdue} />
    </div>
  )
}
