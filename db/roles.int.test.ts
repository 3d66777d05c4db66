import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase } from '@/stack/testing/services'
import { asRole, databaseRoles, type DatabaseRole } from './roles'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let owner: postgres.Sql
const as = {} as Record<DatabaseRole, postgres.Sql>

const open = (url: string) => postgres(url, { max: 1, onnotice: () => undefined })

beforeAll(async () => {
  database = await createTestDatabase()
  owner = open(database.url)
  as.app = open(asRole(database.url, 'app'))
  as.worker = open(asRole(database.url, 'worker'))
})
afterAll(async () => {
  await Promise.all([owner.end(), as.app.end(), as.worker.end()])
  await database.drop()
})

const refusal = '42501'
const codeOf = (statement: Promise<unknown>) =>
  statement.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  )

const all = 'delete insert select update'
const none = ''
/** The whole decision, table by table: what is not here yet, nobody has decided. A column in brackets is all that may be read. */
const decided: Record<string, Record<DatabaseRole, string>> = {
  api_keys: { app: 'insert select update', worker: none },
  audit_log: { app: 'insert select', worker: 'insert' },
  breakers: { app: 'select', worker: all },
  daily_counts: { app: all, worker: 'delete select' },
  dead_records: { app: 'select', worker: 'insert select update' },
  delivery_hours: { app: 'select', worker: 'insert select update' },
  idempotency_keys: { app: 'insert select update', worker: 'delete select(created_at)' },
  message_events: { app: 'insert select', worker: 'insert select' },
  message_secrets: { app: all, worker: 'delete insert select' },
  messages: { app: 'insert select update', worker: 'insert select update' },
  notes: { app: 'delete insert select', worker: none },
  one_time_links: { app: 'delete select update', worker: 'insert select(expires_at)' },
  outbox: { app: all, worker: all },
  processes: { app: all, worker: all },
  rate_limits: { app: all, worker: 'delete select' },
  recovery_codes: { app: all, worker: none },
  role_settings: { app: 'insert select update', worker: none },
  second_factors: { app: all, worker: none },
  send_rate: { app: 'select', worker: 'insert select update' },
  sessions: { app: all, worker: 'delete select(expires_at)' },
  setup_links: { app: all, worker: none },
  sign_in_delays: { app: all, worker: 'delete select' },
  suppressions: { app: 'delete insert select', worker: 'delete insert select' },
  users: { app: all, worker: none },
}

/** What Postgres itself knows of every table, view and sequence outside its own schemas. */
async function granted(): Promise<Record<string, Record<DatabaseRole | 'everybody', string>>> {
  const rows = await owner<{ name: string; grantee: string; right: string }[]>`
    with ours as (
      select c.oid, c.relname, c.relacl, c.relkind, c.relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'drizzle')
    ), rights as (
      select relname, grantee, lower(privilege_type) as right, relowner from ours, aclexplode(relacl)
      union all
      select relname, a.grantee, lower(a.privilege_type) || '(' || attname || ')', relowner
      from ours join pg_attribute on attrelid = oid, aclexplode(attacl) a
    )
    select ours.relname as name, coalesce(pg_get_userbyid(nullif(grantee, 0)), 'everybody') as grantee, coalesce(r.right, '') as right
    from ours left join rights r on r.relname = ours.relname and r.grantee <> r.relowner
    where relkind <> 'S' or r.right is not null
    order by 1, 2, 3`
  const found: Record<string, Record<DatabaseRole | 'everybody', string>> = {}
  for (const { name, grantee, right } of rows) {
    const table = (found[name] ??= { app: none, worker: none, everybody: none })
    const role = grantee === databaseRoles.app ? 'app' : grantee === databaseRoles.worker ? 'worker' : 'everybody'
    table[role] = [table[role], right].filter(Boolean).join(' ')
  }
  return found
}

test('every table has a decision, and Postgres grants just that', async () => {
  const expected = Object.entries(decided).map(([name, rights]) => [name, { ...rights, everybody: none }])
  expect(await granted()).toEqual(Object.fromEntries(expected))
})

test('a table that comes later is closed to both until somebody opens it', async () => {
  await owner`create table comes_later (id integer generated always as identity)`
  try {
    for (const sql of [as.app, as.worker]) {
      expect(await codeOf(sql`select from comes_later`)).toBe(refusal)
      expect(await codeOf(sql`insert into comes_later default values`)).toBe(refusal)
    }
    expect(Object.keys(await granted())).toContain('comes_later')
  } finally {
    await owner`drop table comes_later`
  }
})

describe.each(['app', 'worker'] as const)('%s', (role) => {
  test('adds to the audit log, and takes nothing back', async () => {
    const sql = as[role]
    await sql`insert into audit_log (actor, action, target, request_id) values (${role}, 'sign_out', 'user:1', 'r')`
    expect(await codeOf(sql`update audit_log set actor = 'somebody else'`)).toBe(refusal)
    expect(await codeOf(sql`delete from audit_log`)).toBe(refusal)
    expect(await codeOf(sql`truncate audit_log`)).toBe(refusal)
    expect(await codeOf(sql`alter table audit_log disable trigger all`)).toBe(refusal)
    expect(await owner`select actor from audit_log where actor = ${role}`).toHaveLength(1)
  })

  test('makes no table, becomes nobody else, and reads no file', async () => {
    const sql = as[role]
    expect(await codeOf(sql`create table own (id int)`)).toBe(refusal)
    expect(await codeOf(sql`create role somebody`)).toBe(refusal)
    expect(await codeOf(sql`select pg_read_file('/etc/passwd')`)).toBe(refusal)
    expect(await codeOf(sql`select * from drizzle.__drizzle_migrations`)).toBe(refusal)
  })
})

test('the worker learns of an account whether it may be used and where its mail goes, and nothing else of anybody', async () => {
  const { worker } = as
  await owner`insert into users (first_name, last_name, email, password_hash, created_by_name) values ('Noor', 'Example', 'noor@example.com', 'secret', 'test')`
  expect(await worker`select * from lock_account(1)`).toEqual([{ id: 1, email: 'noor@example.com', status: 'active' }])
  expect(await codeOf(as.app`select * from lock_account(1)`)).toBe(refusal)
  for (const column of ['id', 'password_hash', 'email', 'role']) {
    expect(await codeOf(worker`select ${worker(column)} from users`)).toBe(refusal)
  }
  expect(await codeOf(worker`select from users`)).toBe(refusal)
  for (const table of ['second_factors', 'recovery_codes', 'api_keys', 'setup_links', 'audit_log']) {
    expect([table, await codeOf(worker`select from ${worker(table)}`)]).toEqual([table, refusal])
  }
  expect(await codeOf(worker`select id, address from sessions`)).toBe(refusal)
  expect(await codeOf(worker`select token_hash from one_time_links`)).toBe(refusal)
  expect(await codeOf(worker`update one_time_links set used_at = null`)).toBe(refusal)
})

test('several databases of one server are migrated at the same moment, and one of them makes the roles', async () => {
  const migration = readFileSync(join(import.meta.dirname, 'migrations/0005_database_roles.sql'), 'utf8')
  const suffix = randomUUID().slice(0, 8)
  const roles = Object.values(databaseRoles).map((name) => `${name}_${suffix}`)
  const makeRoles = (migration.split('--> statement-breakpoint')[0] ?? '')
    .replaceAll(databaseRoles.app, roles[0] ?? '')
    .replaceAll(databaseRoles.worker, roles[1] ?? '')
  const migrators = Array.from({ length: 8 }, () => postgres(database.url, { max: 1 }))
  try {
    await Promise.all(migrators.map((sql) => sql`select 1`))
    await Promise.all(migrators.map((sql) => sql.unsafe(makeRoles)))
    const made = await owner`select from pg_roles where rolname in ${owner(roles)} and not rolcanlogin`
    expect(made).toHaveLength(2)
  } finally {
    await Promise.all(migrators.map((sql) => sql.end()))
    for (const role of roles) await owner`drop role if exists ${owner(role)}`
  }
})
