import type { Metadata } from 'next'
import styles from '@/app/_ui/list-page.module.css'
import type { PageParameters } from '@/app/_ui/list-query'
import { NotForYou } from '@/app/_ui/not-for-you'
import { PageHead } from '@/app/_ui/page-head'
import { whyNot } from '@/core/permissions'
import { inTime } from '@/server/failures'
import { listAudit } from '@/server/list-audit'
import { requireStaff } from '../../require-staff'
import { AuditList } from './audit-list'
import { auditQuery } from './audit-query'

export const metadata: Metadata = { title: 'Audit' }

export default async function AuditPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { actor, context } = await requireStaff()
  const refusal = whyNot(actor, 'audit.read')
  if (refusal) {
    return (
      <div className={styles.page}>
        <div className={styles.top}>
          <PageHead title="Audit" />
        </div>
        <NotForYou title="The audit is for administrators" why={refusal} />
      </div>
    )
  }
  const query = auditQuery(await searchParams)
  return <AuditList first={{ query, answer: await inTime(listAudit(context, query)) }} />
}
