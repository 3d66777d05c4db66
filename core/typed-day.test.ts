import { expect, test } from 'vitest'
import { typedDay } from './typed-day'

test.each(['2026-11-24', '24 Nov 2026', '24 november 2026', 'Nov 24, 2026', '24.11.2026', ' 24 Nov, 2026 '])(
  '%j is a day',
  (text) => {
    expect(typedDay(text)).toBe('2026-11-24')
  },
)

test.each(['2026-02-30', '24 Foo 2026', '1999-01-01', '24 Nov', 'Nov', '2026', '2026-11-24 x', ''])(
  '%j is none',
  (text) => {
    expect(typedDay(text)).toBeNull()
  },
)
