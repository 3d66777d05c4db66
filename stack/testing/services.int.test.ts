import postgres from 'postgres'
import { expect, inject, test } from 'vitest'

import { canConnect } from '../ports'
import { createTestDatabase, uniqueTopics } from './services'

test('every test database is its own, and gone after drop', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()])
  const [sqlOne, sqlOther] = [postgres(one.url, { max: 1 }), postgres(other.url, { max: 1 })]
  await sqlOne`create table mark (id int)`
  const [version] =
    await sqlOther`select to_regclass('mark') as mark, current_setting('server_version_num')::int as version`
  expect(version).toMatchObject({ mark: null })
  expect(version?.['version']).toBeGreaterThanOrEqual(180_000)
  await Promise.all([sqlOne.end(), sqlOther.end()])
  await Promise.all([one.drop(), other.drop()])
  const gone = postgres(one.url, { max: 1 })
  await expect(gone`select 1`).rejects.toThrow(/does not exist/)
  await gone.end()
})

test('the server takes no connection without the password', async () => {
  const open = new URL(inject('databaseUrl'))
  open.password = 'wrong'
  const sql = postgres(open.href, { max: 1 })
  await expect(sql`select 1`).rejects.toThrow(/password authentication failed/)
  await sql.end()
})

test('the broker accepts connections', async () => {
  const [host = '', port] = inject('brokers').split(':')
  expect(await canConnect(host, Number(port), 1_000)).toBe(true)
})

test('topic names are never shared', () => {
  expect(uniqueTopics().topic).not.toBe(uniqueTopics().topic)
})
