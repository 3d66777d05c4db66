import type { Metadata } from 'next'
import { answerQuery } from '@/core/requests'
import { inTime } from '@/server/failures'
import { findAnswer } from '@/server/find-answer'
import { getDelivery } from '@/server/get-delivery'
import { getDeliveryHours } from '@/server/get-delivery-hours'
import { getNeeds } from '@/server/get-needs'
import { getPipeline } from '@/server/get-pipeline'
import type { PageParameters } from '@/app/_ui/list-query'
import { requireStaff } from '../require-staff'
import { Overview } from './overview/overview'
import { shownDays } from './overview/shown-days'

export const metadata: Metadata = { title: 'Overview' }

export default async function OverviewPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { actor, context } = await requireStaff()
  const asked = answerQuery.safeParse({ q: (await searchParams)['q'] })
  const [pipeline, needs, delivery, hours, answer] = await inTime(
    Promise.all([
      getPipeline(context),
      getNeeds(context),
      getDelivery(context),
      getDeliveryHours(context, shownDays),
      asked.success ? findAnswer(context, actor, asked.data.q) : null,
    ]),
  )
  const question = asked.success ? asked.data.q : null
  return (
    <Overview
      actor={actor}
      first={{ pipeline: { pipeline, needs }, delivery, hours: { hours } }}
      asked={answer && question ? { question, answer } : null}
    />
  )
}
