import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { can, isForSession, isOpen, policy, scopes, type Action, type Scope } from '@/core/permissions'
import { roles, type Role } from '@/core/roles'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import { everyCall as calls, origin, paramsOf, type RouteCall } from './testing'

const guarded = calls.flatMap((call) => {
  const { action } = call.handler
  return action === null || isOpen(action) ? [] : [{ ...call, action }]
})

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

async function ask({ handler, method, file }: RouteCall, headers: Record<string, string>) {
  const withBody = method !== 'GET'
  const request = new Request(`${origin}/api/test`, {
    method,
    ...(withBody && { body: '{}' }),
    headers: { origin, ...(withBody && { 'content-type': 'application/json' }), ...headers },
  })
  return (await handler(request, { params: Promise.resolve(paramsOf(file)) })).status
}

test('every method of every route has its row in the policy, or only ever refuses', async () => {
  expect([calls.length > 50, guarded.length > 15]).toEqual([true, true])
  const without: string[] = []
  for (const call of calls) {
    // What a handler that forgot to say has is undefined.
    const action = call.handler.action as Action | null | undefined
    const isKnown = action === null ? (await ask(call, {})) === 405 : action !== undefined && action in policy
    if (!isKnown) without.push(call.name)
  }
  expect(without).toEqual([])
})

describe.each(guarded)('$name ($action)', (call) => {
  const { action } = call

  test('refuses nobody, a made-up session and a made-up key', async () => {
    expect(await ask(call, {})).toBe(401)
    expect(await ask(call, { cookie: 'next-auth.session-token=made-up' })).toBe(401)
    expect(await ask(call, { authorization: `Bearer usk_${'x'.repeat(40)}` })).toBe(401)
  })

  test.each(roles)('%s: as the policy says', async (role) => {
    // A person of its own for each call: some calls end the session that makes them.
    const { cookie } = await app.person(role)
    expect(whatItSays(await ask(call, { cookie }))).toBe(expected(role, action))
  })

  test('a key: with its scope, and with no other', async () => {
    const accepting: Scope[] = []
    for (const scope of scopes) {
      if (whatItSays(await ask(call, await bearer([scope]))) === 'let in') accepting.push(scope)
    }
    expect(accepting).toEqual(scopes.filter((scope) => scope === scopeOf(action)))
  })
})

const whatItSays = (status: number) => (status === 401 ? 'not signed in' : status === 403 ? 'not allowed' : 'let in')

function expected(role: Role, action: Action) {
  // An account holder has no session in the dashboard at all.
  if (role === 'user') return 'not signed in'
  const may = isForSession(action) || can({ kind: 'staff', id: 0, name: '', email: '', role }, action)
  return may ? 'let in' : 'not allowed'
}

const scopeOf = (action: Action): Scope | null => {
  const rule = policy[action]
  return 'scope' in rule ? rule.scope : null
}

const keys = new Map<string, string>()
async function bearer(held: readonly Scope[]): Promise<Record<string, string>> {
  const name = held.join(' ')
  const known = keys.get(name) ?? (await app.key(held)).authorization
  keys.set(name, known)
  return { authorization: known }
}
