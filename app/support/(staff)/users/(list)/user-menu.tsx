'use client'

import IconButton from '@mui/material/IconButton'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { Ellipsis } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { can, createableRoles, type StaffActor } from '@/core/permissions'
import type { UserView } from '@/core/views'
import { canBeInvited } from '../account-state'
import { nameOf } from '../name-of'
import { useResendInvitation } from '../use-resend-invitation'
import styles from './user-menu.module.css'

/** What may be done with somebody; what never may is not shown, and the server asks again. */
export function UserMenu(props: { actor: StaffActor; user: UserView; onEdit: () => void; onDelete: () => void }) {
  const { actor, user, onEdit, onDelete } = props
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const { resend } = useResendInvitation()
  const close = () => setAnchor(null)
  const mayInvite = canBeInvited(user) && createableRoles(actor).includes(user.role)

  const items = [
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
  if (items.length === 0) return null

  return (
    <span className={styles.menu}>
      <IconButton
        aria-label={`Actions for ${nameOf(user)}`}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <Ellipsis size={16} />
      </IconButton>
      <Menu
        anchorEl={anchor}
        open={anchor !== null}
        onClose={close}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        transformOrigin={{ vertical: 'top', horizontal: 'right' }}
      >
        {items}
      </Menu>
    </span>
  )
}
