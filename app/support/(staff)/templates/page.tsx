import type { Metadata } from 'next'
import { listTemplates } from '@/server/get-template'
import { requireStaff } from '../../require-staff'
import { Gallery } from './gallery'

export const metadata: Metadata = { title: 'Templates' }

export default async function TemplatesPage() {
  const { context } = await requireStaff()
  return <Gallery templates={listTemplates(context)} />
}
