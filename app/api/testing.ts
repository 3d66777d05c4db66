import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Handler } from './handle'

/** What the tests share that walk through every route. Only tests import this file. */
export const origin = 'http://localhost:3005'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Every route file there is: one that is added tomorrow is walked tomorrow. */
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('route.ts'))
  .toSorted()
export const routeFiles = await Promise.all(
  files.map(async (file) => ({
    file,
    module: (await import(/* @vite-ignore */ join(import.meta.dirname, file))) as Partial<Record<string, Handler>>,
  })),
)
export const everyCall = routeFiles.flatMap(({ file, module }) =>
  methods.flatMap((method) => {
    const handler = module[method]
    return handler ? [{ name: `${method} ${file.replace('/route.ts', '')}`, file, method, handler }] : []
  }),
)
export type RouteCall = (typeof everyCall)[number]

const params = {
  id: '00000000-0000-7000-8000-000000000000',
  topic: 'email-notifications',
  partition: '0',
  offset: '99999',
  address: 'nobody@example.com',
  note: '999999999',
  name: 'of-tomorrow',
}
/** Parts of addresses that fit and name nothing: who gets past the policy is answered 404, 409 or 422. */
export const paramsOf = (file: string) => ({ ...params, ...(/^(?:users|keys)\//.test(file) && { id: '999999999' }) })

/** The whole answer; of events, which come for as long as one listens, nothing. */
export async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return await response.text()
  await response.body?.cancel()
  return ''
}
