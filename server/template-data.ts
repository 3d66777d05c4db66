import { AppError } from '@/core/errors'
import { faultsByField, plainWords } from '@/core/requests'
import { templates, type Secret, type Template, type TemplateName } from '@/emails/registry'

/**
 * The template, and the data as it takes it.
 * @throws AppError `invalid`, with the faults under `data.<field>`
 */
export function fittingData(name: TemplateName, given: unknown) {
  const template: Template<unknown, Secret> = templates[name]
  const parsed = template.data.safeParse(given, { error: plainWords })
  if (parsed.success) return { template, data: parsed.data as Record<string, unknown> }
  const faults = Object.entries(faultsByField(parsed.error)).map(([field, fault]) => [`data.${field}`, fault])
  throw new AppError('invalid', `The data does not fit the template ${name}.`, Object.fromEntries(faults))
}
