import type { ReactNode } from 'react'
import { Frame } from '@/app/_ui/frame'
import { requireStaff } from '../require-staff'

export default async function StaffLayout({ children }: { children: ReactNode }) {
  const { actor, smtpHost } = await requireStaff()
  return (
    <Frame person={{ name: actor.name, role: actor.role }} smtpHost={smtpHost}>
      {children}
    </Frame>
  )
}
