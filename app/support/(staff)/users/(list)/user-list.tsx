'use client'

import Button from '@mui/material/Button'
import { Plus, Users } from 'lucide-react'
import { lazy, Suspense, useCallback, useState } from 'react'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { FilterChip } from '@/app/_ui/filter-chip'
import { useHeldRows } from '@/app/_ui/held-rows'
import { parametersOf, toSearch } from '@/app/_ui/list-query'
import styles from '@/app/_ui/list-page.module.css'
import { CouldNotRead, ListState, NoneMatch } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
import { NewRows } from '@/app/_ui/new-rows'
import { PageHead } from '@/app/_ui/page-head'
import { Pager } from '@/app/_ui/pager'
import { SearchField } from '@/app/_ui/search-field'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { useUrlState } from '@/app/_ui/url-state'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { isFinal } from '@/core/message'
import { createableRoles, type StaffActor } from '@/core/permissions'
import type { ListUsersQuery } from '@/core/requests'
import { roleLabel, roles } from '@/core/roles'
import type { UserView } from '@/core/views'
import type { UserPage } from '@/server/list-users'
import { AccountState } from '../account-state'
import { DeleteUserDialog } from '../delete-user-dialog'
import { nameOf } from '../name-of'
import { UserMenu } from './user-menu'
import { pageSizes, usersQuery } from './users-query'

/** Loaded when it is opened: most visits to the list create nobody. */
const CreateUserDialog = lazy(() => import('./create-user-dialog'))
const EditUserDialog = lazy(() => import('../edit-user-dialog'))

const pathOf = (query: ListUsersQuery) => `/api/users?${toSearch(query)}`

const noRows: UserView[] = []

const roleOptions = roles.map((role) => ({ value: role, label: roleLabel(role) }))

const isUnderWay = (user: UserView) => user.last_mail !== null && !isFinal(user.last_mail.status)

export function UserList(props: { actor: StaffActor; first: { query: ListUsersQuery; answer: UserPage } }) {
  const { actor, first } = props
  const { parameters, change } = useUrlState()
  const [toEdit, setToEdit] = useState<UserView | null>(null)
  const [toDelete, setToDelete] = useState<UserView | null>(null)
  const query = usersQuery(parametersOf(parameters))
  const path = pathOf(query)
  const list = usePolled<UserPage>({
    path,
    everyMs: (answer) => (answer?.users.some(isUnderWay) ? listPollMs.underWay : listPollMs.quiet),
    first: { path: pathOf(first.query), answer: first.answer },
    isKept: true,
  })

  const held = useHeldRows({
    of: list.isPlaceholderData ? null : path,
    rows: list.data?.users ?? noRows,
    idOf: (user) => user.id,
  })
  const search = useCallback((value: string) => change({ search: value || null, page: null }, 'replace'), [change])
  const clearFilters = () => change({ search: null, role: null, page: null })
  const turnTo = (page: number) => change({ page: page > 1 ? String(page) : null })
  const isFiltered = query.search !== undefined || query.role !== undefined
  const closeCreate = () => {
    change({ create: null }, 'replace')
    // Whoever has just been created is looked for.
    held.showNew()
  }
  const columns = columnsFor(actor, setToEdit, setToDelete)

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHead
          title="Users"
          beside={list.data ? <span className={styles.count}>{number(list.data.total_count)}</span> : null}
          right={
            <>
              <NewRows held={held} />
              <span className={styles.ifWide}>
                <Live query={list} />
              </span>
              {createableRoles(actor).length > 0 ? (
                <Button variant="contained" startIcon={<Plus size={16} />} onClick={() => change({ create: '1' })}>
                  Create user
                </Button>
              ) : null}
            </>
          }
        />
        <search className={styles.filters}>
          <SearchField label="Name, address, ID or role" value={query.search ?? ''} onChange={search} />
          <FilterChip
            label="Role"
            options={roleOptions}
            values={query.role ? [query.role] : []}
            onChange={(values) => change({ role: values, page: null })}
          />
        </search>
      </div>
      {list.data === undefined ? (
        <CouldNotRead title="The list could not be read" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.users.length === 0 ? (
        list.data.total_count > 0 ? (
          <ListState
            Icon={Users}
            title={`There is no page ${query.page} any more`}
            action={
              <Button size="small" onClick={() => turnTo(list.data.total_pages)}>
                Go to the last page
              </Button>
            }
          >
            The list has become shorter.
          </ListState>
        ) : isFiltered ? (
          <NoneMatch
            title={query.search ? `No user matches “${query.search}”` : 'No user matches'}
            onClear={clearFilters}
          />
        ) : (
          <ListState Icon={Users} title="No users yet">
            Whoever you create gets a welcome mail, and appears here.
          </ListState>
        )
      ) : (
        <div {...held.around}>
          <DataTable
            label="Users"
            columns={columns}
            rows={held.rows}
            rowKey={(user) => user.id}
            rowHref={(user) => `/support/users/${user.id}`}
            sort={{
              value: { by: query.sort_by, order: query.sort_order },
              onChange: ({ by, order }) => change({ sort_by: by, sort_order: order, page: null }),
            }}
          />
        </div>
      )}
      {list.data ? <UserPager page={list.data} query={query} turnTo={turnTo} change={change} /> : null}
      {parameters.get('create') === null ? null : (
        <Suspense>
          <CreateUserDialog actor={actor} onClose={closeCreate} />
        </Suspense>
      )}
      {toEdit ? (
        <Suspense>
          <EditUserDialog actor={actor} user={toEdit} onClose={() => setToEdit(null)} />
        </Suspense>
      ) : null}
      {toDelete ? (
        <DeleteUserDialog user={toDelete} onClose={() => setToDelete(null)} onDeleted={() => setToDelete(null)} />
      ) : null}
    </div>
  )
}

const number = (value: number) => value.toLocaleString('en-GB')

function UserPager(props: {
  page: UserPage
  query: ListUsersQuery
  turnTo: (page: number) => void
  change: ReturnType<typeof useUrlState>['change']
}) {
  const { page, query, turnTo, change } = props
  const start = (page.page - 1) * page.page_size
  const range = `${number(Math.min(start + 1, page.total_count))}–${number(start + page.users.length)}`
  return (
    <Pager
      summary={page.users.length === 0 ? `0 of ${number(page.total_count)}` : `${range} of ${number(page.total_count)}`}
      previous={query.page > 1 ? () => turnTo(Math.min(query.page - 1, page.total_pages)) : null}
      next={query.page < page.total_pages ? () => turnTo(query.page + 1) : null}
      size={{
        value: query.page_size,
        options: pageSizes,
        onChange: (size) => change({ page_size: String(size), page: null }),
      }}
    />
  )
}

const columnsFor = (
  actor: StaffActor,
  onEdit: (user: UserView) => void,
  onDelete: (user: UserView) => void,
): Column<UserView>[] => [
  { key: 'name', head: 'Name', sortBy: 'first_name', width: '15.5%', narrow: 'who', link: true, cell: nameOf },
  { key: 'email', head: 'Address', sortBy: 'email', width: '18.5%', narrow: 'what', cell: (user) => user.email },
  {
    key: 'role',
    head: 'Role',
    sortBy: 'role',
    width: '12.5%',
    needs: 'muchRoom',
    cell: (user) => roleLabel(user.role),
  },
  {
    key: 'account',
    head: 'Account',
    width: '13.5%',
    needs: 'someRoom',
    cell: (user) => <AccountState user={user} inRow />,
  },
  {
    key: 'mail',
    head: 'Last mail',
    width: '262px',
    narrow: 'side',
    cell: ({ last_mail: mail }) =>
      mail ? (
        <>
          <StatusChip status={shownStatus(mail)} inTable />
          <Time at={mail.at} inRow />
        </>
      ) : (
        'None'
      ),
  },
  {
    key: 'created',
    head: 'Created',
    sortBy: 'created_at',
    width: '11%',
    needs: 'muchRoom',
    cell: (user) => <Time at={user.created_at} as="dayAndClock" inRow />,
  },
  {
    key: 'menu',
    head: 'Actions',
    width: '86px',
    isHeadUnseen: true,
    cell: (user) => <UserMenu actor={actor} user={user} onEdit={() => onEdit(user)} onDelete={() => onDelete(user)} />,
  },
]
