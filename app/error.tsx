'use client'

import Button from '@mui/material/Button'
import { useRouter } from 'next/navigation'
import { startTransition, useEffect } from 'react'
import { SignedOut } from './_ui/signed-out'

const againMs = 5_000

/** A page that could not be made. The digest is how the log knows the fault. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter()
  // `reset` alone would show the server's old answer again.
  const again = () =>
    startTransition(() => {
      router.refresh()
      reset()
    })
  useEffect(() => {
    const timer = setInterval(again, againMs)
    return () => clearInterval(timer)
  })
  return (
    <SignedOut
      title="This page could not be shown"
      lead="It may be that the database does not answer right now. No mail is affected. It is tried again by itself every few seconds."
      below={error.digest ? <span className="mono">request {error.digest}</span> : undefined}
    >
      <form action={again}>
        <Button type="submit" variant="contained" fullWidth>
          Try again
        </Button>
      </form>
    </SignedOut>
  )
}
