import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { AppError } from '@/core/errors'
import { getTemplate } from '@/server/get-template'
import { requireStaff } from '../../../require-staff'
import { templateTitle } from '../template-words'
import { TemplateDetail } from './template-detail'

type Props = { params: Promise<{ name: string }> }

const load = cache(async (name: string) => {
  const { context, actor } = await requireStaff()
  try {
    return { template: getTemplate(context, name), actor }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: templateTitle((await load((await params).name)).template.name) }
}

export default async function TemplatePage({ params }: Props) {
  const { template, actor } = await load((await params).name)
  return <TemplateDetail template={template} ownAddress={actor.email} />
}
