'use client'

import Button from '@mui/material/Button'
import { Plus, Users } from 'lucide-react'
import { useCallback, useState } from 'react'
import { useClock } from '@/app/_ui/clock'
import { countWords } from '@/app/_ui/count-words'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { FilterBar } from '@/app/_ui/filter-bar'
import { FilterChip } from '@/app/_ui/filter-chip'
import { shownOf, useHeldRows } from '@/app/_ui/held-rows'
import { parametersOf, trailOf } from '@/app/_ui/list-query'
import styles from '@/app/_ui/list-page.module.css'
import { CouldNotRead, ListState, NoneMatch } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
import { loadable } from '@/app/_ui/loadable'
import { NewRows } from '@/app/_ui/new-rows'
import { PageHead } from '@/app/_ui/page-head'
import { CursorPager } from '@/app/_ui/pager'
import { SearchField } from '@/app/_ui/search-field'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { useUrlState } from '@/app/_ui/url-state'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { isFinal } from '@/core/message'
import { createableRoles, type StaffActor } from '@/core/permissions'
import type { ListUsersQuery, MailOutcome, UserFilter } from '@/core/requests'
import { roleLabel, roles } from '@/core/roles'
import type { UserView } from '@/core/views'
import type { UserCount } from '@/server/count-users'
import type { UserPage } from '@/server/list-users'
import { AccountState } from '../account-state'
import { nameOf } from '../name-of'
import { UserMenu } from './user-menu'
import { countPathOf, filterOf, pageSizes, pathOf, usersQuery } from './users-query'

/** Loaded when they are opened: most visits to the list change nobody. */
const CreateUserDialog = loadable(() => import('./create-user-dialog'))
const EditUserDialog = loadable(() => import('../edit-user-dialog'))
const DeleteUserDialog = loadable(() => import('../delete-user-dialog'))

const noRows: UserView[] = []

const roleOptions = roles.map((role) => ({ value: role, label: roleLabel(role) }))

const statusOptions: { value: NonNullable<UserFilter['status']>; label: string }[] = [
  { value: 'active', label: 'Active' },
  { value: 'invited', label: 'Invited, not here yet' },
  { value: 'disabled', label: 'Disabled' },
]
const mailOptions: { value: MailOutcome; label: string }[] = [
  { value: 'accepted', label: 'Accepted' },
  { value: 'on_its_way', label: 'On its way' },
  { value: 'not_accepted', label: 'Not accepted' },
  { value: 'may_have_been_delivered', label: 'May have been delivered' },
]

const noFilter = { search: null, role: null, status: null, mail: null, cursor: null }

/** In what order the pages come. */
const orderWords: Record<ListUsersQuery['sort_by'], string> = {
  created_at: 'creation',
  first_name: 'name',
  last_name: 'last name',
  email: 'address',
  role: 'role',
  id: 'ID',
}

const isUnderWay = (user: UserView) => user.last_mail !== null && !isFinal(user.last_mail.status)

type First = { path: string; answer: UserPage; countPath: string; count: UserCount }

export function UserList({ actor, first }: { actor: StaffActor; first: First }) {
  const { parameters, change } = useUrlState()
  const [toEdit, setToEdit] = useState<UserView | null>(null)
  const [toDelete, setToDelete] = useState<UserView | null>(null)
  const given = parametersOf(parameters)
  const { zone } = useClock()
  const query = usersQuery(given, zone)
  const filter = filterOf(given, zone)
  const trail = trailOf(given)
  const path = pathOf(query)
  const list = usePolled<UserPage>({
    path,
    everyMs: (answer) => (answer?.users.some(isUnderWay) ? listPollMs.underWay : listPollMs.quiet),
    first,
    isKept: true,
  })
  const count = usePolled<UserCount>({
    path: countPathOf(filter),
    everyMs: () => listPollMs.count,
    first: { path: first.countPath, answer: first.count },
  })

  const held = useHeldRows({
    of: shownOf(list, path),
    rows: list.data?.users ?? noRows,
    idOf: (user) => user.id,
  })
  const search = useCallback((value: string) => change({ search: value || null, cursor: null }, 'replace'), [change])
  const { search: text, zone: _, ...others } = filter
  const set = Object.values(others).filter((value) => value !== undefined).length
  const isFiltered = text !== undefined || set > 0
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
          beside={count.data ? <span className={styles.count}>{countWords(count.data, isFiltered)}</span> : null}
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
        <FilterBar
          search={<SearchField label="Name, address, ID, role or date" value={text ?? ''} onChange={search} />}
          set={set}
          onClear={() => change(noFilter)}
        >
          <FilterChip
            label="Role"
            options={roleOptions}
            values={query.role ? [query.role] : []}
            onChange={(role) => change({ role, cursor: null })}
          />
          <FilterChip
            label="Account"
            options={statusOptions}
            values={query.status ? [query.status] : []}
            onChange={(status) => change({ status, cursor: null })}
          />
          <FilterChip
            label="Last mail"
            options={mailOptions}
            values={query.mail ? [query.mail] : []}
            onChange={(mail) => change({ mail, cursor: null })}
          />
        </FilterBar>
      </div>
      {list.data === undefined ? (
        <CouldNotRead title="The list could not be read" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.users.length > 0 ? (
        <div {...held.around}>
          <DataTable
            label="Users"
            columns={columns}
            rows={held.rows}
            rowKey={(user) => user.id}
            rowHref={(user) => `/support/users/${user.id}`}
            sort={{
              value: { by: query.sort_by, order: query.sort_order },
              onChange: ({ by, order }) => change({ sort_by: by, sort_order: order, cursor: null }),
            }}
          />
        </div>
      ) : list.data.is_partial ? (
        <ListState
          Icon={Users}
          title="No user matches among those looked at so far"
          action={
            <Button size="small" onClick={() => change({ cursor: [...trail, list.data.next_cursor ?? ''] })}>
              Search on
            </Button>
          }
        >
          This mixture of filters is rare, and a search looks at so many people at once.
        </ListState>
      ) : isFiltered || trail.length > 0 ? (
        <NoneMatch title={text ? `No user matches “${text}”` : 'No user matches'} onClear={() => change(noFilter)} />
      ) : (
        <ListState Icon={Users} title="No users yet">
          Whoever you create gets a welcome mail, and appears here.
        </ListState>
      )}
      {list.data ? (
        <CursorPager
          trail={trail}
          next={list.data.next_cursor}
          onTurn={(cursor) => change({ cursor })}
          order={
            query.sort_by === 'created_at'
              ? `${query.sort_order === 'desc' ? 'newest' : 'oldest'} first`
              : `by ${orderWords[query.sort_by]}`
          }
          note={list.data.is_partial && list.data.users.length > 0 ? 'Others were not looked at yet' : null}
          size={{
            value: query.page_size,
            options: pageSizes,
            onChange: (size) => change({ page_size: String(size), cursor: null }),
          }}
        />
      ) : null}
      {parameters.get('create') === null ? null : <CreateUserDialog actor={actor} onClose={closeCreate} />}
      {toEdit ? <EditUserDialog actor={actor} user={toEdit} onClose={() => setToEdit(null)} /> : null}
      {toDelete ? (
        <DeleteUserDialog user={toDelete} onClose={() => setToDelete(null)} onDeleted={() => setToDelete(null)} />
      ) : null}
    </div>
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
