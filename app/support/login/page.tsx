import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { SignedOut } from '@/app/_ui/signed-out'
import { dashboard } from '@/core/sign-in'
import { context } from '@/server/context'
import { currentSession } from '@/server/session'
import { SignInForm } from './sign-in-form'

export const metadata: Metadata = { title: 'Sign in' }

type Props = { searchParams: Promise<{ callbackUrl?: string; error?: string }> }

export default async function SignInPage({ searchParams }: Props) {
  const { callbackUrl, error } = await searchParams
  if (await currentSession()) redirect(dashboard)
  return (
    <SignedOut
      title="Sign in"
      lead="For administrators and support staff."
      below={
        <>
          Shopping at Usual Store?{' '}
          <a href={context().config.STORE_URL} className="link">
            Sign in at the store
          </a>
        </>
      }
    >
      <SignInForm returnTo={callbackUrl ?? null} refusal={error ?? null} />
    </SignedOut>
  )
}
