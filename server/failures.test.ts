import { DrizzleQueryError } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { inTime, pageFailure } from './failures'

const secret = 'olena@example.com'
const cause = new Error('relation "users" does not exist')
const failed = () => new DrizzleQueryError('select 1 where email = $1', [secret], cause)

test('what fails leaves without the parameters of its query', async () => {
  await expect(inTime(Promise.reject(failed()))).rejects.toBe(cause)
})

test('the log line of a page names the fault and the page, and not what was searched for', () => {
  const fault = Object.assign(failed(), { digest: '1234' })
  const line = pageFailure(fault, { method: 'GET', path: `/support/users\u001b[2J?search=${secret}` })
  expect(line).toEqual({ method: 'GET', path: '/support/users\uFFFD[2J', digest: '1234', err: cause })
})
