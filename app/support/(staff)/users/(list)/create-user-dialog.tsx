'use client'

import { useState } from 'react'
import { Dialog } from '@/app/_ui/dialog'
import type { StaffActor } from '@/core/permissions'
import type { CreatedUser } from '@/server/create-user'
import { CreateUserForm } from './create-user-form'
import { UserCreated } from './user-created'

/** First the form, then what came of it: the user exists, and where their mail is. */
export default function CreateUserDialog({ actor, onClose }: { actor: StaffActor; onClose: () => void }) {
  const [created, setCreated] = useState<CreatedUser | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      {created ? (
        <UserCreated user={created} onAnother={() => setCreated(null)} onClose={onClose} />
      ) : (
        <CreateUserForm actor={actor} isBusy={isBusy} setIsBusy={setIsBusy} onCreated={setCreated} onClose={onClose} />
      )}
    </Dialog>
  )
}
