'use client'

import Button from '@mui/material/Button'
import { Download, ScrollText } from 'lucide-react'
import { useCallback } from 'react'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { DayField } from '@/app/_ui/day-field'
import { FilterChip, OneOnly } from '@/app/_ui/filter-chip'
import styles from '@/app/_ui/list-page.module.css'
import { parametersOf, toSearch, trailOf } from '@/app/_ui/list-query'
import { CouldNotRead, ListState, NoneMatch } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
import { PageHead } from '@/app/_ui/page-head'
import { CursorPager } from '@/app/_ui/pager'
import { SearchField } from '@/app/_ui/search-field'
import { Time } from '@/app/_ui/time'
import { changed, useUrlState } from '@/app/_ui/url-state'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { auditActions, auditWord } from '@/core/audit-words'
import type { ListAuditQuery } from '@/core/audit-requests'
import type { AuditEntryView } from '@/core/views'
import type { AuditPage } from '@/server/list-audit'
import { whomOf, whoOf } from './audit-names'
import { auditQuery, filterOf } from './audit-query'
import { EntryDialog } from './entry-dialog'

const pathOf = (query: ListAuditQuery) => `/api/audit?${toSearch(query)}`

const actionOptions = auditActions.map((action) => ({ value: action, label: auditWord(action) }))
const noFilter = { search: null, action: null, actor: null, target: null, from: null, to: null, cursor: null }

export function AuditList({ first }: { first: { query: ListAuditQuery; answer: AuditPage } }) {
  const { parameters, change } = useUrlState()
  const given = parametersOf(parameters)
  const query = auditQuery(given)
  const trail = trailOf(given)
  const list = usePolled<AuditPage>({
    path: pathOf(query),
    everyMs: () => listPollMs.quiet,
    first: { path: pathOf(first.query), answer: first.answer },
    isKept: true,
  })
  const search = useCallback((value: string) => change({ search: value || null, cursor: null }, 'replace'), [change])
  const filter = filterOf(given)
  const opened = parameters.get('entry')

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHead
          title="Audit"
          right={
            <>
              <Live query={list} />
              <Button href={`/api/audit/export?${toSearch(filter)}`} download startIcon={<Download size={16} />}>
                Export as CSV
              </Button>
            </>
          }
        />
        <search className={styles.filters}>
          <SearchField label="Name, address or id" value={query.search ?? ''} onChange={search} />
          <FilterChip
            label="What"
            options={actionOptions}
            values={query.action ?? []}
            onChange={(values) => change({ action: values, cursor: null })}
            isMulti
          />
          <OneOnly label="Who" value={query.actor} onClear={() => change({ actor: null, cursor: null })} />
          <OneOnly label="Whom" value={query.target} onClear={() => change({ target: null, cursor: null })} />
          <DayField label="From" value={query.from} onChange={(from) => change({ from, cursor: null })} />
          <DayField label="Until" value={query.to} onChange={(to) => change({ to, cursor: null })} isWhole />
        </search>
      </div>
      {list.data === undefined ? (
        <CouldNotRead title="The audit could not be read" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.entries.length === 0 ? (
        Object.values(filter).some((value) => value !== undefined) || trail.length > 0 ? (
          <NoneMatch title="Nothing in the audit matches" onClear={() => change(noFilter)} />
        ) : (
          <ListState Icon={ScrollText} title="Nothing has been done yet">
            Every sign-in and every change of an account, a key or a mail appears here, and stays.
          </ListState>
        )
      ) : (
        <DataTable
          label="Audit"
          columns={columns}
          rows={list.data.entries}
          rowKey={({ id }) => id}
          rowHref={({ id }) => `/support/audit${changed(new URLSearchParams(parameters), { entry: String(id) })}`}
        />
      )}
      {list.data ? (
        <CursorPager trail={trail} next={list.data.next_cursor} onTurn={(cursor) => change({ cursor })} />
      ) : null}
      {opened !== null && /^\d{1,14}$/.test(opened) ? (
        <EntryDialog
          id={Number(opened)}
          known={list.data?.entries.find(({ id }) => String(id) === opened)}
          onFilter={(wanted) => change({ ...noFilter, ...wanted, entry: null })}
          onClose={() => change({ entry: null })}
        />
      ) : null}
    </div>
  )
}

const columns: Column<AuditEntryView>[] = [
  {
    key: 'at',
    head: 'When',
    width: '150px',
    narrow: 'when',
    cell: ({ at }) => <Time at={at} as="dayAndClock" inRow />,
  },
  { key: 'who', head: 'Who', width: '20%', narrow: 'who', cell: whoOf },
  { key: 'what', head: 'What', width: '30%', narrow: 'what', link: true, cell: ({ action }) => auditWord(action) },
  {
    key: 'whom',
    head: 'Whom',
    width: '26%',
    narrow: 'more',
    cell: (entry) => (entry.target === entry.actor ? '' : whomOf(entry)),
  },
  { key: 'address', head: 'Where from', width: '140px', needs: 'someRoom', cell: ({ address }) => address ?? '' },
]
