'use client'

import { Mail } from 'lucide-react'
import { useCallback } from 'react'
import { whatHappens } from '@/app/_ui/about-message'
import { useTickingNow } from '@/app/_ui/clock'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { FilterChip } from '@/app/_ui/filter-chip'
import { parametersOf, toSearch, trailOf } from '@/app/_ui/list-query'
import styles from '@/app/_ui/list-page.module.css'
import { CouldNotRead, ListState, NoneMatch } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
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
import { isFinal, statuses } from '@/core/message'
import type { ListMessagesQuery } from '@/core/requests'
import type { MessageListItem } from '@/core/views'
import type { MessagePage } from '@/server/list-messages'
import { messagesQuery } from './messages-query'

const pathOf = (query: ListMessagesQuery) => `/api/messages?${toSearch(query)}`

const statusOptions = statuses.map((status) => ({ value: status, label: statusWords[status].word }))

const deliveryOptions: { value: Delivery; label: string }[] = [
  { value: 'send', label: 'Sent to its address' },
  { value: 'held', label: 'Held' },
  { value: 'pretend', label: 'Only pretended' },
]

export function MessageList({ first }: { first: { query: ListMessagesQuery; answer: MessagePage } }) {
  const { parameters, change } = useUrlState()
  const given = parametersOf(parameters)
  const query = messagesQuery(given)
  const trail = trailOf(given)
  const list = usePolled<MessagePage>({
    path: pathOf(query),
    everyMs: (answer) =>
      answer?.messages.some((message) => !isFinal(message.status)) ? listPollMs.underWay : listPollMs.quiet,
    first: { path: pathOf(first.query), answer: first.answer },
    isKept: true,
  })
  const search = useCallback((value: string) => change({ search: value || null, cursor: null }, 'replace'), [change])
  const columns = useColumns(list.data?.messages ?? [])
  const isFiltered = query.search !== undefined || query.status !== undefined || query.delivery !== undefined

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHead title="Messages" right={<Live query={list} />} />
        <search className={styles.filters}>
          <SearchField label="Recipient or subject" value={query.search ?? ''} onChange={search} />
          <FilterChip
            label="Status"
            options={statusOptions}
            values={query.status ?? []}
            onChange={(values) => change({ status: values, cursor: null })}
            isMulti
          />
          <FilterChip
            label="Delivery"
            options={deliveryOptions}
            values={query.delivery ?? []}
            onChange={(values) => change({ delivery: values, cursor: null })}
            isMulti
          />
        </search>
      </div>
      {list.data === undefined ? (
        <CouldNotRead title="The list could not be read" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.messages.length === 0 ? (
        isFiltered || trail.length > 0 ? (
          <NoneMatch
            title={query.search ? `No message matches “${query.search}”` : 'No message matches'}
            onClear={() => change({ search: null, status: null, delivery: null, cursor: null })}
          />
        ) : (
          <ListState Icon={Mail} title="No messages yet">
            Every mail that somebody asks for appears here at once, before it is sent.
          </ListState>
        )
      ) : (
        <DataTable
          label="Messages"
          columns={columns}
          rows={list.data.messages}
          rowKey={(message) => message.id}
          rowHref={(message) => `/support/messages/${message.id}`}
        />
      )}
      {list.data ? (
        <CursorPager trail={trail} next={list.data.next_cursor} onTurn={(cursor) => change({ cursor })} />
      ) : null}
    </div>
  )
}

function useColumns(messages: MessageListItem[]): Column<MessageListItem>[] {
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
    { key: 'subject', head: 'Subject', width: '25.5%', link: true, cell: (message) => message.subject },
    { key: 'to', head: 'To', width: '19%', narrow: 'who', link: 'narrow', cell: (message) => message.to },
    {
      key: 'template',
      head: 'Template',
      width: '8%',
      needs: 'muchRoom',
      cell: (message) => message.template.replaceAll('-', ' '),
    },
    {
      key: 'happens',
      head: 'What happens',
      width: '18.5%',
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
