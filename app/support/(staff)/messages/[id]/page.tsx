import type { Metadata } from 'next'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { z } from 'zod'
import { AppError } from '@/core/errors'
import { can } from '@/core/permissions'
import type { MessageView } from '@/core/views'
import { inTime } from '@/server/failures'
import { getMessage } from '@/server/get-message'
import { whyNoPreview } from '@/server/preview-message'
import { requireStaff } from '../../../require-staff'
import { MessageDetail } from './message-detail'

type Props = { params: Promise<{ id: string }> }

const load = cache(async (id: string): Promise<MessageView> => {
  const { actor, context } = await requireStaff()
  if (!z.uuid().safeParse(id).success) notFound()
  return await inTime(getMessage(context, actor, id)).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
})

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await load((await params).id)).subject }
}

export default async function MessagePage({ params }: Props) {
  const { id } = await params
  const [first, { actor, context }] = await Promise.all([load(id), requireStaff()])
  // Asked for by the id of its producer: what follows it knows it by ours.
  if (first.id !== id) redirect(`/support/messages/${first.id}`)
  return (
    <MessageDetail
      first={first}
      origin={new URL(context.config.NEXTAUTH_URL).origin}
      previewRefusal={whyNoPreview(actor, first)}
      mayTakeOffList={can(actor, 'suppression.remove')}
    />
  )
}
