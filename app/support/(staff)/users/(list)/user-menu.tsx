'use client'

import MenuItem from '@mui/material/MenuItem'
import Link from 'next/link'
import { MoreMenu } from '@/app/_ui/more-menu'
import { can, createableRoles, type StaffActor } from '@/core/permissions'
import type { UserView } from '@/core/views'
import { canBeInvited } from '../account-state'
import { nameOf } from '../name-of'
import { useResendInvitation } from '../use-resend-invitation'
import styles from './user-menu.module.css'

/** What may be done with somebody; what never may is not shown, and the server asks again. */
export function UserMenu(props: { actor: StaffActor; user: UserView; onEdit: () => void; onDelete: () => void }) {
  const { actor, user, onEdit, onDelete } = props
  const { resend } = useResendInvitation()
  const mayInvite = canBeInvited(user) && createableRoles(actor).includes(user.role)

  const itemsOf = (close: () => void) =>
    [
      <MenuItem key="open" component={Link} href={`/support/users/${user.id}`}>
        Open
      </MenuItem>,
      mayInvite ? (
        <MenuItem
          key="invite"
          onClick={() => {
            close()
            void resend(user)
          }}
        >
          Send the invitation again
        </MenuItem>
      ) : null,
      can(actor, 'user.edit', user) ? (
        <MenuItem
          key="edit"
          onClick={() => {
            close()
            onEdit()
          }}
        >
          Edit…
        </MenuItem>
      ) : null,
      can(actor, 'user.delete', user) ? (
        <MenuItem
          key="delete"
          className={styles.danger}
          onClick={() => {
            close()
            onDelete()
          }}
        >
          Delete…
        </MenuItem>
      ) : null,
    ].filter((item) => item !== null)

  return (
    <span className={styles.menu}>
      <MoreMenu label={`Actions for ${nameOf(user)}`}>{itemsOf}</MoreMenu>
    </span>
  )
}
