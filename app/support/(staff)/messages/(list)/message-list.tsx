'use client'

import Button from '@mui/material/Button'
import { Download, History, Mail } from 'lucide-react'
import { useCallback } from 'react'
import { whatHappens } from '@/app/_ui/about-message'
import { useClock, useTickingNow } from '@/app/_ui/clock'
import { countWords, exportWords } from '@/app/_ui/count-words'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { DayField } from '@/app/_ui/day-field'
import { FilterBar } from '@/app/_ui/filter-bar'
import { FilterChip, OneOnly } from '@/app/_ui/filter-chip'
import { dayAndClock } from '@/app/_ui/format-time'
import { shownOf, useHeldRows } from '@/app/_ui/held-rows'
import { parametersOf, toSearch, trailOf } from '@/app/_ui/list-query'
import styles from '@/app/_ui/list-page.module.css'
import { CouldNotRead, ListState, NoneMatch } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
import { NewRows } from '@/app/_ui/new-rows'
import { PageHead } from '@/app/_ui/page-head'
import { CursorPager } from '@/app/_ui/pager'
import { SearchField } from '@/app/_ui/search-field'
import { shownStatus, statusWords } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { useUrlState } from '@/app/_ui/url-state'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import type { Delivery } from '@/core/delivery-mode'
import { isFinal, listedStatuses, messageTypes, type MessageType } from '@/core/message'
import type { ListMessagesQuery, MessageFilter, RecentSpan } from '@/core/requests'
import type { MessageListItem } from '@/core/views'
import type { MessageCount } from '@/server/count-messages'
import type { MessagePage } from '@/server/list-messages'
import { filterOf, messagesQuery } from './messages-query'

const pathOf = (query: ListMessagesQuery) => `/api/messages?${toSearch(query)}`
const countPathOf = (filter: MessageFilter) => `/api/messages/count?${toSearch(filter)}`

const noRows: MessageListItem[] = []

const statusOptions = listedStatuses.map((status) => ({ value: status, label: statusWords[status].word }))

const deliveryOptions: { value: Delivery; label: string }[] = [
  { value: 'send', label: 'Sent to its address' },
  { value: 'held', label: 'Held' },
  { value: 'pretend', label: 'Only pretended' },
]

const typeWords: Record<MessageType, string> = {
  welcome: 'Welcome',
  password_reset: 'Password reset',
  notification: 'Notification',
}
const typeOptions = messageTypes.map((type) => ({ value: type, label: typeWords[type] }))

const timeOptions: { value: RecentSpan | 'days'; label: string }[] = [
  { value: '1h', label: 'last hour' },
  { value: '24h', label: 'last 24 h' },
  { value: '7d', label: 'last 7 days' },
  { value: '30d', label: 'last 30 days' },
  { value: 'days', label: 'between two days' },
]

const templateWord = (template: string) => template.replaceAll('-', ' ')

/** Every filter and the place in the list, taken away. */
const noFilter = {
  search: null,
  status: null,
  delivery: null,
  to: null,
  address: null,
  user: null,
  type: null,
  template: null,
  sender: null,
  within: null,
  from: null,
  until: null,
  cursor: null,
}

type First = { query: ListMessagesQuery; answer: MessagePage; filter: MessageFilter; count: MessageCount }

export function MessageList({ templates, first }: { templates: readonly string[]; first: First }) {
  const { parameters, change } = useUrlState()
  const given = parametersOf(parameters)
  const query = messagesQuery(given)
  const filter = filterOf(given)
  const trail = trailOf(given)
  const path = pathOf(query)
  const list = usePolled<MessagePage>({
    path,
    everyMs: (answer) =>
      answer?.messages.some((message) => !isFinal(message.status)) ? listPollMs.underWay : listPollMs.quiet,
    first: { path: pathOf(first.query), answer: first.answer },
    isKept: true,
  })
  const count = usePolled<MessageCount>({
    path: countPathOf(filter),
    everyMs: () => listPollMs.count,
    first: { path: countPathOf(first.filter), answer: first.count },
  })
  const held = useHeldRows({
    of: shownOf(list, path),
    rows: list.data?.messages ?? noRows,
    idOf: (message) => message.id,
  })
  const by = useCallback(
    (changes: Partial<typeof noFilter> | Filters) => change({ ...changes, cursor: null }),
    [change],
  )
  const search = useCallback((value: string) => change({ search: value || null, cursor: null }, 'replace'), [change])
  const columns = useColumns(held.rows, by)
  const clock = useClock()

  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  const hasDays = filter.from !== undefined || filter.until !== undefined || parameters.get('within') === 'days'
  const set = [
    filter.status,
    filter.delivery,
    filter.to,
    filter.type,
    filter.template,
    filter.sender,
    filter.within ?? (hasDays || undefined),
  ]
  const backTo = list.data?.searched_back_to ? dayAndClock(list.data.searched_back_to, clock) : null

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHead
          title="Messages"
          beside={count.data ? <span className={styles.count}>{countWords(count.data, isFiltered)}</span> : null}
          right={
            <>
              <NewRows held={held} />
              <Live query={list} />
              <Button
                href={`/api/messages/export?${toSearch(filter)}`}
                download
                startIcon={<Download size={16} aria-hidden />}
              >
                {count.data ? exportWords(count.data) : 'Export as CSV'}
              </Button>
            </>
          }
        />
        <FilterBar
          search={<SearchField label="Recipient or subject" value={query.search ?? ''} onChange={search} />}
          set={set.filter((value) => value !== undefined).length}
          onClear={() => change(noFilter)}
        >
          <FilterChip
            label="Status"
            options={statusOptions}
            values={query.status ?? []}
            onChange={(status) => by({ status })}
            isMulti
          />
          <FilterChip
            label="Asked for"
            options={timeOptions}
            values={query.within ? [query.within] : hasDays ? ['days'] : []}
            onChange={(within) => by({ within, from: null, until: null })}
          />
          {hasDays ? (
            <>
              <DayField label="From" value={query.from} onChange={(from) => by({ from, within: 'days' })} />
              <DayField label="Until" value={query.until} onChange={(until) => by({ until, within: 'days' })} isWhole />
            </>
          ) : null}
          <FilterChip
            label="Template"
            options={[...new Set([...templates, ...(query.template === undefined ? [] : [query.template])])].map(
              (template) => ({ value: template, label: templateWord(template) }),
            )}
            values={query.template === undefined ? [] : [query.template]}
            onChange={(template) => by({ template })}
          />
          <FilterChip
            label="Type"
            options={typeOptions}
            values={query.type ? [query.type] : []}
            onChange={(type) => by({ type })}
          />
          <FilterChip
            label="Delivery"
            options={deliveryOptions}
            values={query.delivery ?? []}
            onChange={(delivery) => by({ delivery })}
            isMulti
          />
          <OneOnly label="To" value={query.address} onClear={() => by({ address: null })} />
          <OneOnly label="To a part" value={query.to} onClear={() => by({ to: null })} />
          <OneOnly
            label="Account"
            value={query.user === undefined ? undefined : String(query.user)}
            onClear={() => by({ user: null })}
          />
          <OneOnly label="By" value={query.sender} onClear={() => by({ sender: null })} />
        </FilterBar>
      </div>
      {list.data === undefined ? (
        <CouldNotRead title="The list could not be read" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.messages.length > 0 ? (
        <div {...held.around}>
          <DataTable
            label="Messages"
            columns={columns}
            rows={held.rows}
            rowKey={(message) => message.id}
            rowHref={(message) => `/support/messages/${message.id}`}
          />
        </div>
      ) : backTo === null ? (
        isFiltered || trail.length > 0 ? (
          <NoneMatch
            title={query.search ? `No message matches “${query.search}”` : 'No message matches'}
            onClear={() => change(noFilter)}
          />
        ) : (
          <ListState Icon={Mail} title="No messages yet">
            Every mail that somebody asks for appears here at once, before it is sent.
          </ListState>
        )
      ) : (
        <ListState
          Icon={History}
          title={`No message matches back to ${backTo}`}
          action={
            <Button size="small" onClick={() => change({ cursor: [...trail, list.data.next_cursor ?? ''] })}>
              Search further back
            </Button>
          }
        >
          Nobody has looked at older ones yet: this mixture of filters is rare, and a search looks at so many at once.
        </ListState>
      )}
      {list.data ? (
        <CursorPager
          trail={trail}
          next={list.data.next_cursor}
          onTurn={(cursor) => change({ cursor })}
          note={backTo !== null && list.data.messages.length > 0 ? `Searched back to ${backTo}` : null}
        />
      ) : null}
    </div>
  )
}

type Filters = Record<string, string | readonly string[] | null>

function useColumns(messages: MessageListItem[], by: (filter: Filters) => void): Column<MessageListItem>[] {
  const { words } = useWords()
  const now = useTickingNow(messages.some((message) => message.status === 'retrying'))
  return [
    {
      key: 'status',
      head: 'Status',
      width: '214px',
      narrow: 'chip',
      cell: (message) => <StatusChip status={shownStatus(message)} inTable />,
    },
    { key: 'subject', head: 'Subject', width: '21%', link: true, cell: (message) => message.subject },
    {
      key: 'to',
      head: 'To',
      width: '19%',
      narrow: 'who',
      link: 'narrow',
      cell: (message) => message.to,
      filterBy: { label: ({ to }) => `Only messages to ${to}`, onFilter: ({ to }) => by({ address: to }) },
    },
    {
      key: 'template',
      head: 'Template',
      width: '8%',
      needs: 'muchRoom',
      cell: (message) => templateWord(message.template),
      filterBy: {
        label: ({ template }) => `Only messages with the template ${templateWord(template)}`,
        onFilter: ({ template }) => by({ template }),
      },
    },
    {
      key: 'by',
      head: 'By',
      width: '10.5%',
      needs: 'muchRoom',
      cell: (message) => message.created_by.replace(/^API key /, 'Key '),
      filterBy: {
        label: ({ created_by: sender }) => `Only messages by ${sender}`,
        onFilter: ({ created_by: sender }) => by({ sender }),
      },
    },
    {
      key: 'happens',
      head: 'What happens',
      width: '17%',
      narrow: 'what',
      cell: (message) => whatHappens(message, words, now),
    },
    {
      key: 'asked',
      head: 'Asked for',
      width: '132px',
      narrow: 'when',
      cell: (message) => <Time at={message.created_at} inRow />,
    },
  ]
}
