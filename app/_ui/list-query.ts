import type { z } from 'zod'
import { isStorable } from '@/core/storable'

export type PageParameters = Record<string, string | string[] | undefined>

/**
 * What a list shall show, from the address of its page. A parameter that is wrong there counts as not given: an old or
 * mistyped link still shows the list.
 */
export function lenientQuery<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  parameters: PageParameters,
): z.output<z.ZodObject<Shape>> {
  const given = Object.entries(parameters).filter(([name, value]) => {
    // Only what the schema itself names: every object also knows `constructor`.
    if (!Object.hasOwn(schema.shape, name) || value === undefined || value === '' || !isStorable(value)) return false
    const field = schema.shape[name] as unknown as z.ZodType
    return field.safeParse(value).success
  })
  return schema.parse(Object.fromEntries(given))
}

/** The parameters of an address, as a page gets them: what comes twice is a list. */
export const parametersOf = (search: URLSearchParams): PageParameters =>
  Object.fromEntries(
    [...new Set(search.keys())].map((name) => {
      const values = search.getAll(name)
      return [name, values.length > 1 ? values : values[0]]
    }),
  )

/** The cursors of the pages that led here, the present one last: so Previous works after a reload too. */
export const trailOf = (parameters: PageParameters): string[] => [parameters['cursor'] ?? []].flat()

/** A query as the API takes it. */
export function toSearch(query: Record<string, string | number | readonly string[] | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    for (const one of typeof value === 'object' ? value : [String(value)]) search.append(name, one)
  }
  return search.toString()
}
