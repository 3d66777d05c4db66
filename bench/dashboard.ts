import { randomBytes } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import type { StaffActor } from '@/core/permissions'
import { beginAt } from '@/core/follow-ids'
import { listMessagesQuery, listUsersQuery, messageFilter, userFilter } from '@/core/requests'
import { openWorkerDatabase, type Sql } from '@/db/client'
import { findNeeds } from '@/db/needs'
import { findPipeline } from '@/db/pipeline'
import { readChanges, readPlace } from '@/db/read-changes'
import { asRole } from '@/db/roles'
import { context, type Context } from '@/server/context'
import { countMessages } from '@/server/count-messages'
import { countUsers } from '@/server/count-users'
import { exportMessages } from '@/server/export-messages'
import { findAnswer } from '@/server/find-answer'
import { getDeliveryHours } from '@/server/get-delivery-hours'
import { getMessage } from '@/server/get-message'
import { getOnboarding } from '@/server/get-onboarding'
import { listMessages } from '@/server/list-messages'
import { listUsers } from '@/server/list-users'
import { search } from '@/server/search'
import { startOwnPostgres } from '@/stack/testing/own-postgres'
import { seedDashboard } from './seed-dashboard'

const size = { users: 100_000, messages: 1_000_000 }
const rounds = 40
const warmUp = 3
const seedWithinMs = 300_000
/** What staff are promised of any list, filter, search or sort, at the server. */
const mostMs = 200

/** Measures what the dashboard answers with, on a Postgres of its own; ends with 1 when a promise is not kept. */
export async function dashboard(): Promise<void> {
  say(
    `Filling a database of its own: ${size.users.toLocaleString('en-GB')} users, ${size.messages.toLocaleString('en-GB')} messages…`,
  )
  const database = await startOwnPostgres({ durable: false })
  const owner = openWorkerDatabase({ url: database.url, max: 1, part: 'bench', answerWithinMs: seedWithinMs })
  try {
    const startedAt = performance.now()
    await seedDashboard(owner, size)
    say(`Filled in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s.\n`)
    const app = open(database.url)
    try {
      const rows = await someRows(owner)
      const gauge = newGauge()
      await lists(app, rows, gauge)
      await overview(app, rows, gauge)
      await everyPage(app, rows, gauge)
      const { slow } = gauge
      await anExport(app)
      if (slow.length > 0) {
        say(`\nNot kept, 95 % within ${mostMs} ms: ${slow.join(', ')}`)
        process.exitCode = 1
      }
    } finally {
      await app.close()
    }
  } finally {
    await owner.end()
    await database.close()
  }
}

/** The context of a web process, with its rights. Kafka is away: nothing here is sent. */
function open(url: string): Context {
  Object.assign(process.env, {
    APP_ENV: 'local',
    LOG_LEVEL: 'silent',
    NEXTAUTH_URL: 'http://localhost:3005',
    NEXTAUTH_SECRET: randomBytes(32).toString('hex'),
    STORE_URL: 'http://localhost:3000',
    SECRETS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SIGNING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SMTP_HOST: 'smtp.example.com',
    SMTP_USER: 'noreply@usualstore.com',
    KAFKA_BROKERS: '127.0.0.1:1',
    DATABASE_URL: asRole(url, 'app'),
  })
  return context()
}

type Query = Record<string, string>
type Row = Record<string, string>

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

/** What each round looks for is another one: `at` is a message, `who` a person, picked evenly. */
const messageQueries: Record<string, (at: Row) => Query> = {
  'all, newest first': () => ({}),
  'a later page': ({ id = '' }) => ({ cursor: id }),
  'status sent': () => ({ status: 'sent' }),
  'status dead': () => ({ status: 'dead' }),
  'status queued': () => ({ status: 'queued' }),
  'status retrying, dead, may have been delivered': () => ({ status: 'retrying,dead,may_have_been_delivered' }),
  'status may have been delivered': () => ({ status: 'may_have_been_delivered' }),
  'status dead, a later page': ({ id = '' }) => ({ status: 'dead', cursor: id }),
  'delivery held': () => ({ delivery: 'held' }),
  'delivery pretended (there are none)': () => ({ delivery: 'pretend' }),
  'recipient, whole': ({ to = '' }) => ({ to }),
  'recipient, exactly': ({ to = '' }) => ({ address: to }),
  'recipient, exactly, nobody': ({ id = '' }) => ({ address: `${id}@example.com` }),
  'dead, to an address': ({ to = '' }) => ({ status: 'dead', address: to }),
  'recipient, a part': ({ to = '' }) => ({ to: to.slice(2, 12) }),
  'recipient, a common domain': () => ({ to: 'example.org' }),
  'recipient, nobody': ({ id = '' }) => ({ to: `nobody-${id.slice(0, 8)}` }),
  'search, a number in a subject': ({ subject = '' }) => ({ search: /\d+/.exec(subject)?.[0] ?? '500777' }),
  'search, a common word': () => ({ search: 'usual store' }),
  'search, a campaign of long ago': ({ n = '' }) => ({ search: `News of week ${Number(n) % 9} from` }),
  'search, two letters': () => ({ search: 'zq' }),
  'template, common': () => ({ template: 'plain' }),
  'template, rare': () => ({ template: 'account-changed' }),
  'template, unknown': () => ({ template: 'no-such-template' }),
  type: () => ({ type: 'password_reset' }),
  'sender, common': () => ({ sender: 'API key "shop"' }),
  'sender, rare': () => ({ sender: 'Ada Example' }),
  'the last hour': () => ({ within: '1h' }),
  'the last 7 days': () => ({ within: '7d' }),
  'a day long ago': ({ n = '' }) => ({ from: daysAgo((Number(n) % 80) + 2), until: daysAgo((Number(n) % 80) + 1) }),
  'dead, of a template': () => ({ status: 'dead', template: 'order' }),
  'dead, to a part of an address': ({ to = '' }) => ({ status: 'dead', to: to.slice(0, 6) }),
  'dead, of 7 days, by a sender': () => ({ status: 'dead', within: '7d', sender: 'API key "billing"' }),
  'sent, to somebody, of 30 days': ({ to = '' }) => ({ status: 'sent', to, within: '30d' }),
  'a template that its sender never used': () => ({ template: 'order', sender: 'API key "shop"' }),
  'a common domain and a rare template': () => ({ to: 'mail.example.com', template: 'account-changed' }),
}

const userQueries: Record<string, (who: Row) => Query> = {
  'newest first': () => ({}),
  'by name': () => ({ sort_by: 'first_name', sort_order: 'asc' }),
  'by last name, from the end': () => ({ sort_by: 'last_name', sort_order: 'desc' }),
  'by address': () => ({ sort_by: 'email', sort_order: 'asc' }),
  'by role': () => ({ sort_by: 'role', sort_order: 'asc' }),
  'by id': () => ({ sort_by: 'id', sort_order: 'asc' }),
  'page 1,000 by number': () => ({ page: '1000', page_size: '100' }),
  'role, rare, by name': () => ({ role: 'super_admin', sort_by: 'first_name' }),
  'role, common, by last name': () => ({ role: 'user', sort_by: 'last_name', sort_order: 'asc' }),
  disabled: () => ({ status: 'disabled' }),
  'invited, by address': () => ({ status: 'invited', sort_by: 'email' }),
  'search, an address': ({ email = '' }) => ({ search: email }),
  'search, first last': ({ first = '', last = '' }) => ({ search: `${first} ${last}` }),
  'search, last first': ({ first = '', last = '' }) => ({ search: `${last} ${first}` }),
  'search, a first name, by address': ({ first = '' }) => ({ search: first, sort_by: 'email', sort_order: 'asc' }),
  'search, an id': ({ id = '' }) => ({ search: id }),
  'search, a day': ({ day = '' }) => ({ search: day }),
  'search, a role': () => ({ search: 'supporter' }),
  'search, nobody': ({ id = '' }) => ({ search: `nobody ${id}` }),
  'search, two letters': () => ({ search: 'zq' }),
  'last mail accepted': () => ({ mail: 'accepted' }),
  'last mail on its way': () => ({ mail: 'on_its_way' }),
  'last mail not accepted, by name': () => ({ mail: 'not_accepted', sort_by: 'first_name', sort_order: 'asc' }),
  'last mail may have been delivered': () => ({ mail: 'may_have_been_delivered' }),
  'last mail not accepted, of admins': () => ({ mail: 'not_accepted', role: 'admin' }),
}

/** What somebody types into the palette of commands. */
const paletteQueries: Record<string, (who: Row) => string> = {
  'an address': ({ email = '' }) => email,
  'the beginning of a name': ({ first = '', last = '' }) => `${first} ${last.slice(0, 2)}`,
  'a common word': () => 'welcome',
  'two letters': () => 'zq',
  nobody: ({ id = '' }) => `nobody ${id}`,
}

type Rows = { messages: readonly Row[]; people: readonly Row[] }

async function someRows(owner: Sql): Promise<Rows> {
  const messages = await owner<Row[]>`
    select id, to_address as to, subject, (row_number() over (order by id))::text as n from messages
    where id in (select id from messages tablesample system (0.05)) limit ${rounds * 4}`
  const people = await owner<Row[]>`
    select id::text, first_name as first, last_name as last, email, to_char(created_at, 'YYYY-MM-DD') as day from users
    where id in (select id from users tablesample system (0.5)) limit ${rounds * 4}`
  return { messages, people }
}

type Gauge = {
  measure: (name: string, from: readonly Row[], work: (row: Row) => Promise<unknown>) => Promise<void>
  /** What is too slow. */
  slow: string[]
}

function newGauge(): Gauge {
  const slow: string[] = []
  const measure: Gauge['measure'] = async (name, from, work) => {
    const times: number[] = []
    for (let round = 0; round < warmUp + rounds; round++) {
      const startedAt = performance.now()
      await work(from[(round * 3) % from.length] ?? {})
      if (round >= warmUp) times.push(performance.now() - startedAt)
    }
    const [half, most] = [at(times, 0.5), at(times, 0.95)]
    say(
      `${name.padEnd(62)} ${half.toFixed(1).padStart(7)} ${most.toFixed(1).padStart(7)}${most < mostMs ? '' : '  too slow'}`,
    )
    if (most >= mostMs) slow.push(name)
  }
  return { measure, slow }
}

/** What the overview and the pages of a person and a message ask for; without what an open page of this process has just asked. */
async function overview(app: Context, { messages, people }: Rows, { measure }: Gauge): Promise<void> {
  const actor: StaffActor = { kind: 'staff', id: 0, name: 'Bench', email: 'bench@example.com', role: 'super_admin' }
  const answer = (question: string | undefined) => findAnswer(app, actor, question ?? '')
  await measure('overview: the answer, by address', messages, ({ to }) => answer(to))
  await measure('overview: the answer, by name', people, ({ first, last }) => answer(`${first} ${last}`))
  await measure('overview: the answer, by a part of an address', messages, ({ to }) => answer(to?.slice(0, 8)))
  await measure('overview: the answer, nobody', messages, ({ id }) => answer(`nobody ${id?.slice(-6)}`))
  await measure('overview: the pipeline', messages, () => findPipeline(app.pages))
  await measure('overview: what needs somebody', messages, () => findNeeds(app.pages))
  await measure('overview: the hours of eight days', messages, () => getDeliveryHours(app, 8))
  await measure('overview: the answer, mistyped', people, ({ first, last }) => answer(`${first}x ${last}q`))
  await measure('a message', messages, ({ id }) => getMessage(app, actor, id ?? ''))
  await measure('a person and how far they have come', people, ({ id }) => getOnboarding(app, Number(id)))
  await measure('all mail of a person', people, ({ id }) => listMessages(app, listMessagesQuery.parse({ person: id })))
}

/** What any page does: the palette of commands, and following what changes. */
async function everyPage(app: Context, { messages, people }: Rows, { measure }: Gauge): Promise<void> {
  for (const [name, text] of Object.entries(paletteQueries)) {
    await measure(`palette: ${name}`, people, (row) => search(app, text(row)))
  }
  await measure('palette: the id of a message', messages, ({ id = '' }) => search(app, id))
  const place = await readPlace(app.db)
  const from = { events: beginAt(place.events), audit: beginAt(place.audit) }
  await measure('live feed: a look when nothing has changed', people, () => readChanges(app.db, from))
}

async function lists(app: Context, { messages, people }: Rows, { measure }: Gauge): Promise<void> {
  say(`load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores\n`)
  say(`${'ms at the server'.padEnd(62)} ${'median'.padStart(7)} ${'95 %'.padStart(7)}`)
  for (const [name, query] of Object.entries(messageQueries)) {
    await measure(`messages: ${name}`, messages, (row) => listMessages(app, listMessagesQuery.parse(query(row))))
    if (name.includes('page')) continue
    await measure(`messages, counted: ${name}`, messages, (row) => countMessages(app, messageFilter.parse(query(row))))
  }
  for (const [name, query] of Object.entries(userQueries)) {
    const parsed = (row: Row) => listUsersQuery.parse({ page_size: '25', count: 'none', ...query(row) })
    await measure(`users: ${name}`, people, (row) => listUsers(app, parsed(row)))
    const { page: _page, page_size: _size, sort_by: _by, sort_order: _order, ...filter } = query(people[0] ?? {})
    if (Object.keys(filter).length === 0) continue
    await measure(`users, counted: ${name}`, people, (row) => {
      const { search, role, status, mail } = query(row)
      return countUsers(app, userFilter.parse({ search, role, status, mail }))
    })
  }
}

/** How fast all of a filter is written, while nothing of it is kept. */
async function anExport(app: Context): Promise<void> {
  const startedAt = performance.now()
  const caller = { requestId: 'bench', mayStill: () => Promise.resolve(true) }
  let bytes = 0
  for await (const part of exportMessages(app, messageFilter.parse({ status: 'dead' }), caller))
    bytes += part.byteLength
  say(
    `\nexport of all dead messages: ${(bytes / 1e6).toFixed(1)} MB in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
  )
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const say = (line: string) => process.stdout.write(`${line}\n`)
