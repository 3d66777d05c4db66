import { describe, expect, it } from 'vitest'
import { behaviourFor } from './misbehave'

describe('the behaviour asked for by an address', () => {
  it.each(['ok@example.com', 'anna@example.com', '5500@example.com', 'anna+550@example.com', '@example.com', ''])(
    '%s is accepted',
    (address) => expect(behaviourFor(address, 0)).toEqual({ kind: 'accept' }),
  )

  it.each([
    ['550@example.com', 550],
    ['550+anna@example.org', 550],
    ['451@example.com', 451],
    ['421@example.com', 421],
  ])('%s is refused as a recipient with %i', (address, code) => {
    expect(behaviourFor(address, 0)).toMatchObject({ kind: 'refuse-recipient', refusal: { code } })
  })

  it('451 is refused however often it is tried', () => {
    expect(behaviourFor('451@example.com', 100).kind).toBe('refuse-recipient')
  })

  it('451-twice is accepted once two tries were refused', () => {
    const kinds = [0, 1, 2].map((refused) => behaviourFor('451-twice+anna@example.com', refused).kind)
    expect(kinds).toEqual(['refuse-recipient', 'refuse-recipient', 'accept'])
  })

  it.each([
    ['552@example.com', 'refuse-mail'],
    ['slow@example.com', 'accept-late'],
    ['hang@example.com', 'hang'],
    ['Drop-After-Dot@example.com', 'drop-after-dot'],
  ])('%s: %s after the final dot', (address, kind) => {
    expect(behaviourFor(address, 0).kind).toBe(kind)
  })
})
