import type { ReactNode } from 'react'
import { Frame } from '@/app/_ui/frame'
import { LiveFeedProvider } from '@/app/_ui/live-feed'
import { modeSentence } from '@/core/delivery-mode'
import { requireStaff } from '../require-staff'

export default async function StaffLayout({ children }: { children: ReactNode }) {
  const { actor, context, smtpHost } = await requireStaff()
  const { DELIVERY_MODE: mode, DELIVERY_GUEST_LIST: guestList } = context.config
  return (
    <LiveFeedProvider>
      <Frame person={actor} smtpHost={smtpHost} modeSentence={modeSentence({ mode, guestList })}>
        {children}
      </Frame>
    </LiveFeedProvider>
  )
}
