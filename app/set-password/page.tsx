import type { Metadata } from 'next'
import { currentSession } from '@/server/session'
import { SetPasswordForm } from './set-password-form'

export const metadata: Metadata = { title: 'Choose a password' }

/**
 * For the holder of a link from a mail, whose token stands behind the `#` and so never reaches a log; and for somebody
 * who has signed in with a first password. Opening the page uses nothing up.
 */
export default async function SetPasswordPage() {
  const session = await currentSession()
  return <SetPasswordForm mustChangeAs={session?.mustChangePassword ? session.actor.email : null} />
}
