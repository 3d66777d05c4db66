import { expect, test } from 'vitest'
import { maskSecrets } from './list-dead-records'

test.each([
  ['{"data":{"password":"canary-1","first_name":"Ada"}}', '{"data":{"password":"[hidden]","first_name":"Ada"}}'],
  ['{"reset_link": "https://x/#t=canary-2","Token":"canary-3"}', '{"reset_link": "[hidden]","Token":"[hidden]"}'],
  [String.raw`{"body":"He said \"canary-4\", and"}`, '{"body":"[hidden]"}'],
  [
    '{"to":"ada@example.com","data":{"body":"cut in the middle: canar',
    '{"to":"ada@example.com","data":{"body":"[hidden]"',
  ],
  [String.raw`{"secret":"cut after a backslash\ `.trimEnd(), '{"secret":"[hidden]"'],
  ['Your password: canary-5', '[hidden]'],
  ['{"type":"notification","message":{"to":', '{"type":"notification","message":{"to":'],
])('of %s a list shows %s', (text, shown) => {
  expect(maskSecrets(text)).toBe(shown)
})
