import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { AppError } from '@/core/errors'
import { listMessagesQuery } from '@/core/requests'
import type { UserView } from '@/core/views'
import { inTime } from '@/server/failures'
import { getOnboarding } from '@/server/get-onboarding'
import { getUser } from '@/server/get-user'
import { listMessages } from '@/server/list-messages'
import { listNotes } from '@/server/notes'
import { requireStaff } from '../../../require-staff'
import { nameOf } from '../name-of'
import { Person } from './person'

type Props = { params: Promise<{ id: string }> }

const load = cache(async (id: string): Promise<UserView> => {
  const { context } = await requireStaff()
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound()
  return await inTime(getUser(context, Number(id))).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
})

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: nameOf(await load((await params).id)) }
}

export default async function PersonPage({ params }: Props) {
  const { actor, context } = await requireStaff()
  const user = await load((await params).id)
  const [mail, onboarding, notes] = await inTime(
    Promise.all([
      listMessages(context, listMessagesQuery.parse({ person: String(user.id) })),
      getOnboarding(context, user.id),
      listNotes(context, user.id),
    ]),
  )
  return (
    <Person actor={actor} sender={context.config.SMTP_USER} first={{ person: { user, onboarding, notes }, mail }} />
  )
}
