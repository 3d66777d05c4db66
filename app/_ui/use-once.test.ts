import { expect, test } from 'vitest'
import { ApiError, notDone } from './api'
import { calledOnce } from './use-once'

type Answer = 'done' | number

/** Calls that are answered in this order; a number is the status of a refusal. Which key each of them went out under. */
function calls(...answers: Answer[]) {
  const keys: (string | undefined)[] = []
  let made = 0
  const once = calledOnce(
    (_path, request) => {
      keys.push(request?.key)
      const answer = answers[keys.length - 1] ?? 'done'
      return answer === 'done' ? Promise.resolve(answer as never) : Promise.reject(new ApiError(answer, 'No.'))
    },
    () => `key-${++made}`,
  )
  const press = (body: unknown = {}, path = '/api/users') => once(path, { method: 'POST', body }).catch(() => 'failed')
  return { keys, press }
}

test.each([0, 500, 502, 503])('pressed again after %i, the same goes out under the same key', async (lost) => {
  const { keys, press } = calls(lost, lost, 'done', 'done')
  for (let time = 0; time < 4; time++) await press()
  // What is asked for after an answer is a new thing.
  expect(keys).toEqual(['key-1', 'key-1', 'key-1', 'key-2'])
})

test.each([401, 409, 422, 429])('a refusal (%i) ends the key', async (refusal) => {
  const { keys, press } = calls(refusal)
  await press()
  await press()
  expect(keys).toEqual(['key-1', 'key-2'])
})

test('something else, or elsewhere, is another thing', async () => {
  const { keys, press } = calls(0, 0, 0)
  await press({ email: 'a@example.com' })
  await press({ email: 'b@example.com' })
  await press({ email: 'b@example.com' }, '/api/others')
  expect(keys).toEqual(['key-1', 'key-2', 'key-3'])
})

test('a key is made without what only pages with TLS have', async () => {
  const keys: (string | undefined)[] = []
  const once = calledOnce((_path, request) => Promise.resolve(keys.push(request?.key) as never))
  await once('/api/users', { method: 'POST' })
  await once('/api/users', { method: 'POST' })
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)])
  expect(keys[0]).not.toBe(keys[1])
})

test('of a lost answer nobody says that it was not done', () => {
  expect(notDone(new ApiError(409, 'It is on its way.'), 'It was not sent again.')).toEqual({
    title: 'It was not sent again.',
    why: 'It is on its way.',
  })
  const lost = notDone(new ApiError(0, 'The server could not be reached.'), 'It was not sent again.')
  expect(lost).toEqual({
    title: 'It is not known whether it was done.',
    why: 'The connection broke off. Press again: nothing is done twice.',
  })
})
