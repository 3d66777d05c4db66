'use client'

import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/app/_ui/api'
import { toast } from '@/app/_ui/toast'
import { sameAddressKey } from '@/core/address'
import type { UserView } from '@/core/views'
import { ConfirmByTyping } from '../confirm-by-typing'
import styles from './dialog-body.module.css'
import { nameOf } from './name-of'

/** Asks for the address to be typed: deleting cannot be taken back. */
export default function DeleteUserDialog(props: { user: UserView; onClose: () => void; onDeleted: () => void }) {
  const { user, onClose, onDeleted } = props
  const queries = useQueryClient()
  const remove = async () => {
    const path = `/api/users/${user.id}`
    const { next_step: left } = await api<{ next_step?: string }>(path, { method: 'DELETE' })
    toast([`${nameOf(user)} is deleted.`, left].filter(Boolean).join(' '))
    onDeleted()
    // Asking for the person again, while their page is being left, would only find nobody.
    await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== path })
  }

  return (
    <ConfirmByTyping
      title={`Delete ${nameOf(user)}?`}
      label="Their address"
      wanted={user.email}
      isRight={(typed) => sameAddressKey(typed) === sameAddressKey(user.email)}
      act={remove}
      button="Delete user"
      busyWord="Deleting"
      notDone="The user was not deleted."
      onClose={onClose}
    >
      <p>
        The account is gone for good. Mail to them that still waits is cancelled; mail that was sent stays in the list,
        without a name. Type the address <b className={styles.address}>{user.email}</b> to go on.
      </p>
    </ConfirmByTyping>
  )
}
