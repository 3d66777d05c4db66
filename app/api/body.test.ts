import { expect, test } from 'vitest'
import { readJson } from './body'

const limit = 1024

const post = (body: BodyInit, type = 'application/json') =>
  new Request('http://localhost/api', {
    method: 'POST',
    body,
    headers: { 'content-type': type },
    duplex: 'half',
  } as RequestInit)

test('JSON is read', async () => {
  expect(await readJson(post('{"a":1}', 'application/json; charset=utf-8'), limit)).toEqual({ a: 1 })
})

test.each(['', '{', 'a=1', '{"a":1}x'])('%j is not JSON', async (body) => {
  await expect(readJson(post(body), limit)).rejects.toMatchObject({ code: 'not_json' })
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
  'a body of type %s is refused',
  async (type) => {
    await expect(readJson(post('{}', type), limit)).rejects.toMatchObject({ code: 'not_json' })
  },
)

test('bytes that are no text are not JSON', async () => {
  await expect(readJson(post(new Uint8Array([0x22, 0xff, 0x22])), limit)).rejects.toMatchObject({ code: 'not_json' })
})

test('a body without a length is read no further than the limit', async () => {
  let sent = 0
  const endless = new ReadableStream({
    pull(controller) {
      sent += 512
      controller.enqueue(new Uint8Array(512))
    },
  })
  await expect(readJson(post(endless), limit)).rejects.toMatchObject({ code: 'too_large' })
  expect(sent).toBeLessThan(limit * 4)
})

test('a caller who hangs up in the middle has sent no JSON', async () => {
  const cut = new ReadableStream({
    pull(controller) {
      controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    },
  })
  await expect(readJson(post(cut), limit)).rejects.toMatchObject({ name: 'AppError', code: 'not_json' })
})
