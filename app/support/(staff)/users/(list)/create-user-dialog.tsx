'use client'

import { lazy, startTransition, Suspense, useState } from 'react'
import { Dialog } from '@/app/_ui/dialog'
import type { StaffActor } from '@/core/permissions'
import type { CreatedUser } from '@/server/create-user'
import { CreateUserForm } from './create-user-form'

/** Loaded while the account is made: the form is to be there at once. */
const loadCreated = () => import('./user-created')
const UserCreated = lazy(loadCreated)

/** First the form, then what came of it: the user exists, and where their mail is. */
export default function CreateUserDialog({ actor, onClose }: { actor: StaffActor; onClose: () => void }) {
  const [created, setCreated] = useState<CreatedUser | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const begin = (isBegun: boolean) => {
    if (isBegun) void loadCreated()
    setIsBusy(isBegun)
  }
  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      {created ? (
        <Suspense>
          <UserCreated user={created} onAnother={() => setCreated(null)} onClose={onClose} />
        </Suspense>
      ) : (
        <CreateUserForm
          actor={actor}
          isBusy={isBusy}
          setIsBusy={begin}
          // The form stays until what comes after it is there.
          onCreated={(user) => startTransition(() => setCreated(user))}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}
