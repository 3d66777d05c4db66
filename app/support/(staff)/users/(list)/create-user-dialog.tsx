'use client'

import { useState } from 'react'
import { Dialog } from '@/app/_ui/dialog'
import { loadable } from '@/app/_ui/loadable'
import type { StaffActor } from '@/core/permissions'
import type { CreatedUser } from '@/server/create-user'
import { CreateUserForm } from './create-user-form'

/** Loaded while the account is made: the form is to be there at once. */
const UserCreated = loadable(
  () => import('./user-created'),
  'The user was created. What came of the mail could not be loaded: it stands on their page.',
)

/** First the form, then what came of it: the user exists, and where their mail is. */
export default function CreateUserDialog({ actor, onClose }: { actor: StaffActor; onClose: () => void }) {
  const [created, setCreated] = useState<CreatedUser | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const begin = (isBegun: boolean) => {
    if (isBegun) void UserCreated.prepare()
    setIsBusy(isBegun)
  }
  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      {created ? (
        <UserCreated user={created} onAnother={() => setCreated(null)} onClose={onClose} />
      ) : (
        <CreateUserForm
          actor={actor}
          isBusy={isBusy}
          setIsBusy={begin}
          // The form stays until what comes after it is there.
          onCreated={(user) => void UserCreated.prepare().then(() => setCreated(user))}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}
