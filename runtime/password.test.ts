import { expect, test } from 'vitest'
import { hashPassword, isPassword } from './password'

/** The median of several checks, in milliseconds. */
async function checkMs(hash: string | null): Promise<number> {
  const spans = []
  for (let round = 0; round < 7; round++) {
    const startedAt = performance.now()
    await isPassword('wrong', hash)
    spans.push(performance.now() - startedAt)
  }
  return spans.toSorted((a, b) => a - b)[3] ?? 0
}

test('a hash is argon2id with 19 MiB and two passes, and fits only its password', async () => {
  const stored = await hashPassword('qwerty12')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await isPassword('qwerty12', stored)).toBe(true)
  expect(await isPassword('qwerty13', stored)).toBe(false)
})

test('nobody signs in to an account that is not there or has no password', async () => {
  expect(await isPassword('qwerty12', null)).toBe(false)
})

test('refusing for a missing account costs a whole hash', async () => {
  const stored = await hashPassword('qwerty12')
  const [real, missing] = [await checkMs(stored), await checkMs(null)]
  // Without the work it takes microseconds: a factor of two leaves room for a busy machine.
  expect(missing).toBeGreaterThan(real / 2)
})

test('a burst is checked in turn, and each gets its own answer', async () => {
  const stored = await hashPassword('qwerty12')
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, index) => isPassword(index === 7 ? 'qwerty12' : 'no', stored)),
  )
  expect(results.filter(Boolean)).toHaveLength(1)
  expect(results[7]).toBe(true)
})

test('a flood is refused at once, beyond what can wait; those who wait are served, and so is whoever comes after', async () => {
  const stored = await hashPassword('qwerty12')
  const results = await Promise.allSettled(Array.from({ length: 4 + 100 + 50 }, () => isPassword('qwerty12', stored)))
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused).toHaveLength(50)
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable' })
  expect(await isPassword('qwerty12', stored)).toBe(true)
}, 60_000)
