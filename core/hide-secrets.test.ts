import { expect, test } from 'vitest'
import { hideSecrets } from './hide-secrets'

test.each([
  ['{"to":"a@b.c","password":"canary"}', '{"to":"a@b.c","password":"[hidden]"}'],
  ['{"first_password" : "canary \\" canary", "to":"a"}', '{"first_password" : "[hidden]", "to":"a"}'],
  ['{"data":{"body":"Hello\\ncanary","order":5}}', '{"data":{"body":"[hidden]","order":5}}'],
  ['{"resetUrl":"https://a.example/canary","n":1}', '{"resetUrl":"[hidden]","n":1}'],
  ['{"token":"canary, and cut', '{"token":"[hidden]"'],
  ['{"secret":12345,"n":1}', '{"secret":[hidden],"n":1}'],
  ['{"link":{"to":"canary"},"n":1}', '{"link":[hidden]'],
  ['{"Passwort":\uFFFD "canary"}', '{"Passwort":\uFFFD "[hidden]"}'],
  ['"{\\"password\\":\\"canary\\",\\"n\\":1}"', '"{\\"password\\":\\"[hidden]\\",\\"n\\":1}"'],
  ['"{\\"password\\":\\"ca\\\\\\"nary\\",\\"n\\":1}"', '"{\\"password\\":\\"[hidden]\\",\\"n\\":1}"'],
  ['Your account\uFFFDPassword: canary word\uFFFDBye', 'Your account\uFFFDPassword: [hidden]\uFFFDBye'],
  ["password='canary' n=1", "password='[hidden]' n=1"],
  ['a=1&token=canary&b=2', 'a=1&token=[hidden]'],
  ['Password: can,ary"canary', 'Password: [hidden]'],
  ['{"пароль":"canary"}', '{"пароль":"[hidden]"}'],
  ['{"type":"welcome","subject":"Hello"}', '{"type":"welcome","subject":"Hello"}'],
])('%s', (given, shown) => {
  expect(hideSecrets(given)).toBe(shown)
})

test('takes no long time over whatever anybody sends', () => {
  const startedAt = performance.now()
  for (const text of ['a', '"', '\\', 'pwd', 'pwd:', 'pwd:"', 'token ', '-']) hideSecrets(text.repeat(2_000))
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})
