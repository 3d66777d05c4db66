import { z } from 'zod'
import { AppError } from '@/core/errors'
import { roles, type Role } from '@/core/roles'
import type { TemplateField, TemplateSample, TemplateView } from '@/core/views'
import { shownTemplates, templates, type Secret, type ShownTemplate, type Template } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { fittingData } from './template-data'
import { loginUrl } from './welcome-mail'

type Configured = { config: Pick<WebConfig, 'SMTP_USER' | 'NEXTAUTH_URL' | 'STORE_URL'> }

/** Every kind of mail that staff can look at. */
export const listTemplates = (context: Configured): TemplateView[] =>
  shownTemplates.map((name) => viewOf(context, name))

/** One kind of mail. */
export const getTemplate = (context: Configured, name: string): TemplateView => viewOf(context, shownTemplate(name))

/**
 * Its subject with this data, once the data fits.
 * @param given without it: of its sample
 * @throws AppError `not_found`, `invalid`
 */
export function getTemplateSubject(name: string, given: unknown): string {
  const known = shownTemplate(name)
  const { template, data } = fittingData(known, given ?? templates[known].sample)
  return template.subject(data)
}

/** @throws AppError `not_found` */
export function shownTemplate(name: string): ShownTemplate {
  const known = shownTemplates.find((one) => one === name)
  if (!known) throw new AppError('not_found', 'There is no such template.')
  return known
}

function viewOf({ config }: Configured, name: ShownTemplate): TemplateView {
  const { about, data }: Template<unknown, Secret> = templates[name]
  return { name, about, from: config.SMTP_USER, fields: fieldsOf(data), samples: samplesOf(config, name) }
}

function samplesOf(config: Configured['config'], name: ShownTemplate): TemplateSample[] {
  if (name === 'welcome') return roles.map((role) => welcomeSample(config, role))
  const template: Template<unknown, Secret> = templates[name]
  const { sample } = template
  return [{ role: null, data: sample as TemplateSample['data'], subject: template.subject(sample) }]
}

/** Where they sign in is told as this installation would tell it. */
function welcomeSample(config: Configured['config'], role: Role): TemplateSample {
  const { welcome } = templates
  const data = { ...welcome.sample, role, login_url: loginUrl(config, role) }
  return { role, data, subject: welcome.subject(data) }
}

/** What a template's data may hold: lines, texts, choices, and each of them or null. */
const property = z.object({
  title: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.object({ type: z.string() })).optional(),
})
const objectSchema = z.object({ properties: z.record(z.string(), property) })

/** The form of a template, told from what its data must be. */
function fieldsOf(data: z.ZodType): TemplateField[] {
  const { properties } = objectSchema.parse(z.toJSONSchema(data, { io: 'input' }))
  return Object.entries(properties).map(([name, { title, format, enum: options, anyOf }]) => ({
    name,
    label: title ?? labelOf(name),
    kind: options ? 'choice' : format === 'lines' ? 'lines' : 'line',
    options: options ?? [],
    is_optional: anyOf?.some(({ type }) => type === 'null') ?? false,
  }))
}

/** `first_name`: First name */
const labelOf = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ')
