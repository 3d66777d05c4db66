import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestContext, type TestContext } from '@/server/testing'
import { hostileTexts } from '@/stack/testing/hostile'
import { createTestDatabase } from '@/stack/testing/services'
import { everyCall, origin, paramsOf, textOf, type RouteCall } from './testing'

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

/** The same numbers every time (mulberry32), so that what fails once fails again. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const odd: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  ' ',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  'NaN',
  '\0',
  '\uD800',
  '\u200B',
  '\u202E',
  'é'.normalize('NFD'),
  '😀'.repeat(200),
  'x'.repeat(10_000),
  '%00',
  '%',
  '\\',
  "'",
  '"',
  '../../etc/passwd',
  '00000000-0000-0000-0000-000000000000',
  '2026-02-30T25:61:61Z',
  '-infinity',
  [],
  {},
  [[]],
  [null],
  { $gt: '' },
  { toString: 'x' },
  ...hostileTexts,
]
/** Every field that some call knows: the more of them fit, the deeper a call gets. */
const fields = [
  'first_name', 'last_name', 'email', 'password', 'role', 'welcome', 'status', 'to', 'subject', 'message', 'template', 'data',
  'type', 'priority', 'from', 'reply_to', 'sensitive', 'send_at', 'on_ambiguous', 'token', 'current_password', 'address', 'note',
  'name', 'scopes', 'kind', 'guest_list', 'allowed_addresses', 'expires_at', 'requests_per_minute', 'code', 'required', 'confirm',
] // prettier-ignore
const fitting: Record<string, unknown> = {
  first_name: 'Fay', last_name: 'Fuzz', email: 'fay@example.com', password: 'a long enough passphrase', role: 'user',
  to: 'fay@example.com', subject: 'Hello', message: 'Hello', template: 'plain', address: 'fay@example.com', name: 'Fuzz',
  scopes: ['users:read'], token: 'x'.repeat(43),
} // prettier-ignore
const queries = ['page', 'page_size', 'limit', 'cursor', 'search', 'sort_by', 'sort_order', 'role', 'status', 'to', 'type', 'template', 'part', 'reason', 'actor', 'action', 'target', 'from', 'until', 'q'] // prettier-ignore

/** Signs of our inside: a stack, a statement, a place on this machine, a library. */
const inside =
  /\bat \S+ \(|\n\s+at |node_modules|file:\/\/|\/app\/|\/tmp\/|\/work\/|\.tsx?:\d|\b(select|insert|update|delete)\b.{0,200}\b(from|into|set|where)\b|\$\d\b|PostgresError|postgres|drizzle|kafkajs|ECONN|syntax error|violates|constraint|ZodError|undefined is not|cannot read propert/i

const calls = everyCall.filter(
  ({ handler }) => handler.action !== null && !['session.open', 'nothing.read'].includes(handler.action),
)

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

async function ask(call: RouteCall, dice: () => number, cookie: string) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(dice() * list.length)] as T
  const body = Object.fromEntries(
    fields
      .filter((name) => dice() < (name in fitting ? 0.6 : 0.15))
      .map((name) => {
        const fits = name in fitting && dice() < 0.6
        return [name, fits ? fitting[name] : pick(odd)]
      }),
  )
  const search = new URLSearchParams()
  for (const name of queries) if (dice() < 0.12) search.append(name, asText(pick(odd)))
  const params = paramsOf(call.file) as Record<string, string>
  for (const name of Object.keys(params)) if (dice() < 0.4) params[name] = asText(pick(odd))
  const whole = dice() < 0.1 ? pick(odd) : body
  const isRead = call.method === 'GET'
  const request = new Request(`${origin}/api/fuzz?${search}`, {
    method: call.method,
    headers: {
      origin,
      cookie,
      ...(dice() < 0.1 ? { 'idempotency-key': pick(['', 'x', 'x'.repeat(300), '1']) } : {}),
      ...(isRead ? {} : { 'content-type': 'application/json' }),
    },
    ...(isRead ? {} : { body: JSON.stringify(whole) }),
  })
  const response = await call.handler(request, { params: Promise.resolve(params) })
  return { status: response.status, text: await textOf(response), given: { search: search.toString(), params, whole } }
}

/** A failure of ours, a refusal in another shape, or one that tells of our inside: a field by its name, never what was in it. */
function isFault(status: number, text: string): boolean {
  if (status < 400) return false
  if (status >= 500) return true
  const answer = JSON.parse(text) as Record<string, unknown>
  if (Object.keys(answer).toSorted().join() !== 'error,errors,message,request_id') return true
  return inside.test(String(answer['message'])) || inside.test(JSON.stringify(answer['errors']))
}

test.each(calls)(
  '$name: whatever it is given, it answers in our shape and tells nothing of its inside',
  async (call) => {
    const dice = random(call.name.length * 7919 + call.name.charCodeAt(call.name.length - 1))
    const seen = new Set<number>()
    const faults: string[] = []
    let cookie = ''
    for (let round = 0; round < 40; round++) {
      // Another person now and then: a call may end a session, and limits are another matter.
      if (round % 8 === 0) cookie = (await app.person('super_admin')).cookie
      const { status, text, given } = await ask(call, dice, cookie)
      seen.add(status)
      const answered = JSON.stringify({ given, status, text: text.slice(0, 300) })
      if (isFault(status, text)) faults.push(answered)
    }
    expect(faults).toEqual([])
    // It got past the door.
    expect([...seen].filter((status) => ![401, 403].includes(status))).not.toEqual([])
  },
)
