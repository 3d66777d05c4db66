import { z } from 'zod'

const segment = z.union([
  z.string(),
  z.tuple([
    z.string(),
    z.string(),
    z.string().regex(/^(c|oc|d|[cd]i(\(\.{1,3}\)|\(\.\.\)\(\.\.\)))$/),
    z.array(z.string()).nullable(),
  ]),
])

const state: z.ZodType = z.lazy(() =>
  z.tuple([
    segment,
    z.record(z.string(), state),
    z.tuple([z.string(), z.string()]).nullish(),
    z.enum(['refetch', 'inside-shared-layout', 'metadata-only']).nullish(),
    z.number().nullish(),
    z.string().optional(),
  ]),
)

/**
 * Whether Next will understand what its router says of the pages that it shows (`Next-Router-State-Tree`): over any other it
 * fails, in a shape that is not ours. The same shape as in next/dist/server/app-render/types.js, which is not for others to use.
 */
export function isRouterState(header: string): boolean {
  try {
    return header.length <= 40_000 && state.safeParse(JSON.parse(decodeURIComponent(header))).success
  } catch {
    // Not even JSON, or nested so deep that looking at it fails: nothing that Next's own router says.
    return false
  }
}
