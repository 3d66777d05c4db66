import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { SignedOut } from '@/app/_ui/signed-out'
import { dashboard, signInPage } from '@/core/sign-in'
import { currentSession } from '@/server/session'
import { AddSecondFactor } from './add-second-factor'
import { SignOutLink } from './sign-out-link'

export const metadata: Metadata = { title: 'Add a second factor' }

/** For somebody whose role must have a second factor, and who has none: nothing else works for them yet. */
export default async function SecondFactorPage() {
  const session = await currentSession()
  if (!session) redirect(signInPage)
  if (session.mustChangePassword) redirect('/set-password')
  if (!session.mustAddFactor) redirect(dashboard)
  return (
    <SignedOut
      title="Add a second factor"
      lead="Your role needs one: a code of an authenticator app, each time you sign in."
      below={<SignOutLink />}
    >
      <AddSecondFactor goOnTo={dashboard} />
    </SignedOut>
  )
}
