'use client'

import Button from '@mui/material/Button'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { CopiedId, Facts } from '@/app/_ui/facts'
import { Time } from '@/app/_ui/time'
import { usePolled } from '@/app/_ui/use-polled'
import { auditWord } from '@/core/audit-words'
import type { AuditEntryView } from '@/core/views'
import type { AuditPage } from '@/server/list-audit'
import { pageOf, whomOf, whoOf } from './audit-names'
import styles from './entry-dialog.module.css'

type Props = {
  id: number
  /** When it stands in the list behind. */
  known: AuditEntryView | undefined
  onFilter: (wanted: { actor: string } | { target: string }) => void
  onClose: () => void
}

/** One row of the audit in full. Its address can be sent on: whoever opens it need not have the row in their list. */
export function EntryDialog({ id, known, onFilter, onClose }: Props) {
  const path = `/api/audit?cursor=${id + 1}&limit=1`
  const { data, error } = usePolled<AuditPage>({
    path,
    everyMs: () => false,
    first: known && { path, answer: { entries: [known], next_cursor: null } },
  })
  const entry = data?.entries.find((one) => one.id === id)
  return (
    <Dialog onClose={onClose}>
      <DialogBody
        title={entry ? auditWord(entry.action) : 'Audit'}
        onClose={onClose}
        actions={
          entry ? (
            <>
              <Button onClick={() => onFilter({ target: entry.target })}>Everything about this</Button>
              <Button onClick={() => onFilter({ actor: entry.actor })}>Everything by them</Button>
            </>
          ) : null
        }
      >
        {entry ? <Entry entry={entry} /> : <p>{error?.message ?? (data ? 'There is no such row.' : 'One moment.')}</p>}
      </DialogBody>
    </Dialog>
  )
}

function Entry({ entry }: { entry: AuditEntryView }) {
  const changes = changesOf(entry)
  const more = Object.entries(entry.detail)
  return (
    <>
      <Facts
        facts={[
          { name: 'When', value: <Time at={entry.at} as="exact" /> },
          { name: 'Who', value: <Named name={whoOf(entry)} id={entry.actor} /> },
          { name: 'Whom', value: <Named name={whomOf(entry)} id={entry.target} /> },
          { name: 'Where from', value: entry.address ?? 'Not by a request' },
          { name: 'Action', value: <span className="mono">{entry.action}</span> },
          {
            name: 'Request',
            value: <CopiedId value={entry.request_id} what="the request id" />,
          },
        ]}
      />
      {changes.length > 0 ? (
        <table className={styles.changes} aria-label="What changed">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ field, before, after }) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td>{before}</td>
                <td>{after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {more.length > 0 ? (
        <Facts facts={more.map(([name, value]) => ({ name: name.replaceAll('_', ' '), value: textOf(value) }))} />
      ) : null}
    </>
  )
}

function Named({ name, id }: { name: string; id: string }): ReactNode {
  const page = pageOf(id)
  return (
    <>
      {page === null ? name : <Link href={page}>{name}</Link>} {name === id ? null : <span className="mono">{id}</span>}
    </>
  )
}

const textOf = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)

function changesOf({ before, after }: AuditEntryView) {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return fields.map((field) => ({
    field: field.replaceAll('_', ' '),
    before: textOf(before?.[field]),
    after: textOf(after?.[field]),
  }))
}
