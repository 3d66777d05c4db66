import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { StaffActor } from '@/core/permissions'
import { signInPage } from '@/core/sign-in'
import { context, type Context } from '@/server/context'
import { currentSession } from '@/server/session'

type StaffPage = { actor: StaffActor; sessionId: string; context: Context; smtpHost: string }

/**
 * Who is signed in, for a page of the staff; everyone else is sent where they can go on. Each page asks, not only the
 * layout: Next renders a layout once and keeps it while people move between the pages below it.
 */
export const requireStaff = cache(async (): Promise<StaffPage> => {
  const session = await currentSession()
  if (!session) {
    const path = (await headers()).get('x-path') ?? '/support'
    redirect(`${signInPage}?callbackUrl=${encodeURIComponent(path)}`)
  }
  if (session.mustChangePassword) redirect('/set-password')
  if (session.mustAddFactor) redirect('/second-factor')
  const open = context()
  return { actor: session.actor, sessionId: session.id, context: open, smtpHost: open.config.SMTP_HOST }
})
