import type { Metadata } from 'next'
import { SetUpForm } from './set-up-form'

export const metadata: Metadata = { title: 'Set up' }

/**
 * For the holder of the link from the server's log, whose token stands behind the `#` and so never reaches a log again.
 * Opening the page uses nothing up.
 */
export default function SetUpPage() {
  return <SetUpForm />
}
