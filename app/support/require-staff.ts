import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { StaffActor } from '@/core/permissions'
import { signInPage } from '@/core/sign-in'
import { context, type Context } from '@/server/context'
import { currentSession } from '@/server/session'

/**
 * Who is signed in, for a page of the staff; everyone else is sent where they can go on. Each page asks, not only the
 * layout: Next renders a layout once and keeps it while people move between the pages below it.
 */
export const requireStaff = cache(async (): Promise<{ actor: StaffActor; context: Context; smtpHost: string }> => {
  const session = await currentSession()
  if (!session) {
    const path = (await headers()).get('x-path') ?? '/support'
    redirect(`${signInPage}?callbackUrl=${encodeURIComponent(path)}`)
  }
  if (session.mustChangePassword) redirect('/set-password')
  const open = context()
  return { actor: session.actor, context: open, smtpHost: open.config.SMTP_HOST }
})
