import type { Metadata } from 'next'
import { ForgotPasswordForm } from './forgot-password-form'

export const metadata: Metadata = { title: 'Forgot password' }

/** For everybody with an account, in the dashboard or at the store. */
export default function ForgotPasswordPage() {
  return <ForgotPasswordForm />
}
