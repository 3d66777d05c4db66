import { readdirSync, readFileSync } from 'node:fs'
import { request as requestTo, type IncomingHttpHeaders } from 'node:http'
import { dirname, join } from 'node:path'
import type { Page } from '@playwright/test'
import { answerHeaders } from '@/core/answer-headers'
import { hostileTexts } from '@/stack/testing/hostile'
import { foreignRecord, produceForeign, rewriteReply } from '@/stack/testing/hostile-outside'
import { callApi, expect, freshAddress, linkIn, mailTo, signIn, stack, test } from './fixtures'

type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

/** Unlike fetch, it leaves the path, the method and the headers as they are. */
function ask(
  url: string,
  given: { method?: string; headers?: Record<string, string>; body?: string; target?: string } = {},
) {
  const { protocol, host } = new URL(url)
  return new Promise<Answer>((resolve, reject) => {
    const call = requestTo(
      `${protocol}//${host}`,
      {
        path: given.target ?? (url.slice(`${protocol}//${host}`.length) || '/'),
        method: given.method,
        headers: given.headers,
      },
      (reply) => {
        let text = ''
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()))
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }))
      },
    )
    call.on('error', reject)
    call.end(given.body)
  })
}

const json = { 'content-type': 'application/json' }
const big = { 'x-big': 'x'.repeat(20_000) }
const inside = /\n\s+at |node_modules|\.next|\.tsx?\b|Error:|stack/i

const addresses: [what: string, status: number, path: string, given?: Parameters<typeof ask>[1]][] = [
  ['a page', 200, '/support/login'],
  ['a redirect to the sign-in', 307, '/support'],
  ['the start', 307, '/'],
  ['a page that there is not', 404, '/nothing'],
  ['a page that is to be changed', 405, '/support/login', { method: 'POST', body: 'x' }],
  ['a page, asked in an odd way', 405, '/support/login', { method: 'TRACE' }],
  ['a page at a malformed address', 404, '/%E0%A4%A'],
  ['a call that there is not', 404, '/api/nothing'],
  ['a call without a session', 401, '/api/users'],
  ['a call by HEAD', 401, '/api/users', { method: 'HEAD' }],
  ['a method that a call does not have', 405, '/api/users', { method: 'PUT' }],
  ['what a foreign page asks beforehand', 405, '/api/users', { method: 'OPTIONS' }],
  ['a call, asked in an odd way', 405, '/api/users', { method: 'TRACE' }],
  ['a call, asked in another', 405, '/api/users', { method: 'PROPFIND' }],
  ['a call at a malformed address', 401, '/api/users/%E0%A4%A'],
  ['a call at another', 404, '/api/%E0%A4%A'],
  ['a call with NUL in its address', 401, '/api/users/%00'],
  [
    'a foreign page',
    403,
    '/api/reset-password',
    { method: 'POST', headers: { ...json, origin: 'https://evil.example' } },
  ],
  ['no JSON', 400, '/api/reset-password', { method: 'POST', headers: json, body: '{' }],
  ['too large', 413, '/api/reset-password', { method: 'POST', headers: json, body: `"${'x'.repeat(300_000)}"` }],
  ['too large headers', 431, '/api/users', { headers: big }],
  ['an expectation', 417, '/support/login', { headers: { expect: 'nonsense' } }],
  ['a slash too many', 308, '/api/users/'],
  ['two slashes', 308, '//evil.example/x'],
  ['health', 200, '/api/health'],
  ['a file', 200, '/icon.svg'],
  ['a file of the build that there is not', 404, '/_next/static/chunks/nothing.js'],
  ['a picture to be resized', 404, '/_next/image?url=/icon.svg&w=64&q=75'],
  ['a whole address elsewhere', 403, '/', { target: 'http://evil.example/support/login' }],
  ['the server itself', 405, '/', { method: 'OPTIONS', target: '*' }],
  ['a state of the router that nobody can read', 200, '/support/login', { headers: { 'next-router-state-tree': 'x' } }],
  ['a sign-in that would go elsewhere', 200, '/api/auth/csrf?callbackUrl=javascript:x'],
  [
    'a cookie that would go elsewhere',
    200,
    '/api/auth/csrf',
    { headers: { cookie: 'next-auth.callback-url=javascript%3Ax' } },
  ],
  ['another name for us', 403, '/support/login', { headers: { host: 'evil.example' } }],
]

for (const [what, status, path, given] of addresses) {
  test(`every header is on the answer: ${what} (${status})`, async () => {
    const answer = await ask(stack().web + path, given)
    expect(answer.status).toBe(status)
    for (const [name, value] of Object.entries(answerHeaders)) {
      if (name === 'Content-Security-Policy' || name === 'Cache-Control') continue
      expect(answer.headers[name.toLowerCase()], name).toBe(value)
    }
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'/)
    expect(answer.headers['content-security-policy']).toMatch(/frame-ancestors 'none'/)
    expect(answer.headers['content-security-policy']).not.toMatch(/unsafe-eval|\*|http/)
    expect(answer.headers['cache-control']).toMatch(what === 'a file' ? /max-age=0/ : /no-store/)
    expect(answer.headers['x-powered-by'] ?? answer.headers['server']).toBeUndefined()
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(answer.headers['location'] ?? '/').toMatch(/^\/(?!\/)/)
    if (status < 400 || answer.text === '' || !answer.headers['content-type']?.includes('json')) return
    expect(JSON.parse(answer.text)).toMatchObject({ error: true, request_id: answer.headers['x-request-id'] })
    expect(answer.text).not.toMatch(inside)
  })
}

test('the files of the build may be kept, and bring no map of the source', async () => {
  const { text } = await ask(`${stack().web}/support/login`)
  const files = [...new Set(text.match(/\/_next\/static\/[\w./~-]+\.(?:js|css|woff2)/g))]
  expect(files.length).toBeGreaterThan(3)
  for (const file of files) {
    const answer = await ask(stack().web + file)
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toMatch(/immutable/)
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.text).not.toContain('sourceMappingURL')
    expect((await ask(`${stack().web}${file}.map`)).status).toBe(404)
  }
})

test('nothing else is served', async () => {
  for (const path of [
    '/.env',
    '/.git/config',
    '/.git/HEAD',
    '/server.js',
    '/package.json',
    '/node_modules/next/package.json',
    '/.next/BUILD_ID',
    '/_next/../package.json',
    '/_next/static/../../server.js',
    '/_next/static/..%2f..%2fserver.js',
    '/..%2f.env',
    '/%2e%2e/.env',
    '/next.config.mjs',
    '/dist/worker.mjs',
    '/_next/server/app/page.js',
    '/_next/BUILD_ID',
  ])
    expect({ path, status: (await ask(stack().web + path)).status }).toEqual({ path, status: 404 })
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'x',
    'sec-websocket-version': '13',
  }
  await expect(ask(`${stack().web}/api/users`, { headers: upgrade })).rejects.toThrow(/hang up|ECONNRESET/)
})

test('a caller cannot write what only we say to ourselves', async () => {
  const evil = {
    'x-nonce': 'evilnonce',
    'x-path': '//evil.example',
    'x-peer-address': '203.0.113.99',
    'content-security-policy': "script-src 'nonce-evilnonce'",
    'x-forwarded-host': 'evil.example',
    'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
    'x-middleware-rewrite': '/api/health',
    'x-middleware-override-headers': 'x-nonce',
    'x-middleware-request-x-nonce': 'evilnonce',
    'x-invoke-path': '/api/health',
    'next-action': '0'.repeat(40),
  }
  const page = await ask(`${stack().web}/support/login`, { headers: evil })
  expect(page.status).toBe(200)
  const nonce = /'nonce-(\w+)'/.exec(page.headers['content-security-policy'] as string)?.[1]
  expect(page.text).toContain(`nonce="${nonce}"`)
  expect(page.text).not.toMatch(/evil/)
  // No way around the sign-in: not past the proxy, and not past the page itself with a cookie that only looks like one.
  for (const cookie of ['', 'next-auth.session-token=made-up']) {
    const answer = await ask(`${stack().web}/support/users`, { headers: { ...evil, cookie } })
    expect([answer.status, answer.headers['location']]).toEqual([307, '/support/login?callbackUrl=%2Fsupport%2Fusers'])
  }
  expect((await ask(`${stack().web}/api/users`, { headers: evil })).status).toBe(401)
})

test('each page has a nonce of its own', async () => {
  const nonces = []
  for (let page = 0; page < 3; page++) {
    const { headers, text } = await ask(`${stack().web}/support/login`)
    const nonce = /'nonce-(\w{32})'/.exec(headers['content-security-policy'] as string)?.[1] ?? 'none'
    const scripts = text.match(/<script\b[^>]*>/g) ?? []
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`)
    nonces.push(nonce)
  }
  expect(new Set(nonces).size).toBe(3)
})

/** What next-auth gives a page before it may sign in. */
async function visit() {
  const { headers, text } = await ask(`${stack().web}/api/auth/csrf`)
  const cookie = headers['set-cookie']?.find((one) => one.includes('csrf-token'))?.split(';')[0] ?? ''
  return { cookie, token: (JSON.parse(text) as { csrfToken: string }).csrfToken }
}

test('signing in takes the token that only a page of ours can read', async () => {
  const login = stack().login
  const enter = async (headers: Record<string, string>, csrfToken?: string) => {
    const answer = await ask(`${stack().web}/api/auth/callback/credentials`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ ...login, json: 'true', ...(csrfToken && { csrfToken }) }).toString(),
    })
    return answer.headers['set-cookie']?.find((one) => /session-token=[^;]/.test(one)) ?? null
  }
  const [ours, another] = [await visit(), await visit()]
  const origin = stack().web
  expect(await enter({ cookie: ours.cookie, origin })).toBeNull()
  expect(await enter({ origin }, ours.token)).toBeNull()
  expect(await enter({ cookie: ours.cookie, origin }, another.token)).toBeNull()
  expect(await enter({ cookie: ours.cookie, origin: 'https://evil.example' }, ours.token)).toBeNull()
  const session = await enter({ cookie: ours.cookie, origin }, ours.token)
  expect(session).toMatch(/; HttpOnly/i)
  expect(session).toMatch(/; SameSite=(Lax|Strict)/i)
})

/** What an author of ours never writes, whatever text stands on the page. */
const foreignParts =
  '[onerror],[onload],[onclick],[onfocus],[ontoggle],[onmouseover],[href^="javascript:"],[href*="evil.example"],[src*="evil.example"],[action*="evil.example"],[data*="evil.example"],base,object,meta[http-equiv="refresh"],iframe:not([sandbox=""])'

async function expectInert(page: Page): Promise<void> {
  expect(await page.locator(foreignParts).count()).toBe(0)
  expect(await page.evaluate(() => '__ran' in globalThis)).toBe(false)
}

test('what strangers write is shown letter by letter, and does nothing', async ({ page }) => {
  test.setTimeout(600_000)
  const dialogs: string[] = []
  page.on('dialog', async (dialog) => {
    dialogs.push(dialog.message())
    await dialog.dismiss()
  })
  await signIn(page)
  const people: { id: number; name: string; welcome_message_id: string }[] = []
  for (const text of hostileTexts) {
    const answer = await callApi('POST', '/api/users', {
      first_name: text,
      last_name: 'Hostile',
      email: freshAddress('hostile'),
    })
    people.push({ ...((await answer.json()) as { id: number; welcome_message_id: string }), name: text })
  }
  await page.goto('/support/users?search=Hostile&page_size=100')
  const latest = hostileTexts.at(-1) ?? ''
  await expect(page.locator('main').getByText(latest).first()).toBeVisible()
  const shown = await page.locator('main').innerText()
  expect(hostileTexts.filter((text) => shown.includes(text)).length).toBeGreaterThanOrEqual(10)
  await expectInert(page)

  for (const { id, name, welcome_message_id } of people.filter((_, at) => at % 8 === 0)) {
    await page.goto(`/support/users/${id}`)
    await expect(page.locator('h1')).toContainText(name)
    await expectInert(page)
    await page.goto(`/support/messages/${welcome_message_id}`)
    await expect(page.frameLocator('iframe').getByText(`Welcome, ${name}`, { exact: true })).toBeVisible()
    await expectInert(page)
  }

  await produceForeign(
    stack().kafka,
    hostileTexts.map((text) => foreignRecord(text)),
  )
  // They come in no order, and the list begins with the newest 25: the one that was written last is looked for by its words.
  await page.goto(`/support/messages?search=${encodeURIComponent(latest)}`)
  await expect(page.locator('main').getByRole('link', { name: latest }).first()).toBeVisible({ timeout: 60_000 })
  await expectInert(page)
  await page.goto('/support/messages')
  await expect.poll(() => page.locator('main').innerText()).toContain('reader@example.com')
  const subjects = await page.locator('main').innerText()
  expect(hostileTexts.filter((text) => subjects.includes(text)).length).toBeGreaterThanOrEqual(10)
  await expectInert(page)

  const { id } = (await (
    await callApi('POST', '/api/messaging/send', { to: freshAddress('550'), subject: hostileTexts[0], message: 'x' })
  ).json()) as { id: string }
  await page.goto(`/support/messages/${id}`)
  await expect(page.locator('main').getByText('Dead', { exact: true }).first()).toBeVisible({ timeout: 60_000 })
  for (const text of hostileTexts.filter((_, at) => at % 5 === 0)) {
    await rewriteReply(stack().database, id, `550 5.1.1 ${text}`)
    await page.reload()
    await page.locator('main details summary').first().click()
    await expect(page.locator('main').getByText(`550 5.1.1 ${text}`).first()).toBeVisible()
    await expectInert(page)
  }
  expect(dialogs).toEqual([])
})

test('a preview is a frame that runs and loads nothing, with every secret masked', async ({ page }) => {
  await signIn(page)
  const email = freshAddress('previewed')
  const made = (await (
    await callApi('POST', '/api/users', {
      first_name: 'Olena',
      last_name: 'Sample',
      email,
      password: 'a-first-canary-1',
    })
  ).json()) as { welcome_message_id: string }
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(`/support/messages/${made.welcome_message_id}`)
  const frame = page.locator('iframe')
  await expect(frame).toHaveAttribute('sandbox', '')
  const inside = page.frameLocator('iframe')
  await expect(inside.getByText('Welcome, Olena')).toBeVisible()
  await expect(inside.getByText('[hidden]')).toBeVisible()
  await expect(inside.getByText('a-first-canary-1')).toHaveCount(0)
  await page.getByRole('radio', { name: 'Text' }).check()
  await expect(inside.getByText('Password: [hidden]')).toBeVisible()
  expect(requests.filter((url) => !url.startsWith(stack().web))).toEqual([])
})

test('nothing secret is in a log', async ({ page }) => {
  const email = freshAddress('canary')
  const secrets = {
    password: 'canary-first-password-7',
    body: 'canary-sealed-body-8',
    wrong: 'canary-wrong-password-9',
  }
  await callApi('POST', '/api/users', { first_name: 'A', last_name: 'B', email, password: secrets.password })
  const sealed = freshAddress('canary')
  await callApi('POST', '/api/messaging/send', { to: sealed, subject: 'x', message: secrets.body, sensitive: true })
  const invited = freshAddress('canary')
  await callApi('POST', '/api/users', { first_name: 'A', last_name: 'B', email: invited })
  const token = linkIn(await mailTo(invited)).split('#')[1] ?? ''
  expect((await mailTo(email)).Text).toContain(secrets.password)
  expect((await mailTo(sealed)).Text).toContain(secrets.body)
  await callApi('POST', '/api/reset-password', { token, password: 'canary-chosen-password-6' }, null)
  await signIn(page)
  await page.request.post('/api/auth/callback/credentials', { form: { email, password: secrets.wrong } })
  await callApi('GET', '/api/users', undefined, 'usk_canary-key-that-there-is-not')
  const cookies = (await page.context().cookies()).filter(({ name }) => name.includes('session-token'))
  expect(cookies).toHaveLength(1)

  const folder = join(dirname(process.env['E2E_STACK_FILE'] ?? ''), 'logs')
  const logs = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
  // They do tell of these very requests.
  expect(logs.find(([name]) => name.startsWith('web'))?.[1]).toContain('/api/reset-password')
  expect(logs.find(([name]) => name.startsWith('worker'))?.[1]).toContain(invited)
  const canaries = {
    ...secrets,
    token,
    chosen: 'canary-chosen-password-6',
    key: stack().api_key ?? '',
    madeUpKey: 'canary-key-that-there-is-not',
    session: cookies[0]?.value ?? '',
    database: new URL(stack().database).password,
  }
  for (const [canary, value] of Object.entries(canaries)) {
    expect(value.length, canary).toBeGreaterThan(8)
    for (const [name, text] of logs)
      expect({ canary, name, found: text.includes(value) }).toEqual({ canary, name, found: false })
  }
})
