import { readFileSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test as base, type Cookie, type Page } from '@playwright/test'
import type { StackFile } from '@/stack/folder'

/** Read anew each time: a part that was started again has another process id. */
export const stack = (): StackFile => JSON.parse(readFileSync(process.env['E2E_STACK_FILE'] ?? '', 'utf8')) as StackFile

type Fixtures = {
  /** Console errors that the test expects; anything else fails it, and what our policy refuses to load or run fails it always. */
  expectedErrors: RegExp[]
  watched: void
}

const isRefusal = (text: string): boolean => /content security policy/i.test(text)
/** Playwright looks into every frame with a script of its own, and in a preview none runs. */
const isOwnLook = (text: string): boolean =>
  /^Blocked script execution in '\S+\/preview\?\S+' because the document's frame is sandboxed/.test(text)

export const test = base.extend<Fixtures>({
  expectedErrors: [[], { option: true }],
  watched: [
    async ({ context, expectedErrors }, use) => {
      const seen: string[] = []
      // Of the whole context: a page that a link opens is watched too.
      context.on('console', (message) => {
        if (isOwnLook(message.text())) return
        if (message.type() === 'error' || isRefusal(message.text())) {
          seen.push(`${message.text()} (${message.location().url})`)
        }
      })
      context.on('weberror', (error) => seen.push(String(error.error())))
      await use()
      const isExpected = (text: string) => !isRefusal(text) && expectedErrors.some((expected) => expected.test(text))
      expect(seen.filter((text) => !isExpected(text))).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

/** A session of the stack's own login, for all tests that are about something else. */
let shared: Cookie[] | undefined

/** Signs in, and ends on the Overview; without a login as the super admin of the stack. */
export async function signIn(page: Page, login?: { email: string; password: string }): Promise<void> {
  if (login) return await typeIn(page, login)
  if (shared) {
    await page.context().addCookies(shared)
    await page.goto('/support')
    if (!page.url().includes('/login')) return
  }
  const own = stack().login
  if (!own) throw new Error('This stack has no local sign-in')
  await typeIn(page, own)
  shared = await page.context().cookies()
}

async function typeIn(page: Page, login: { email: string; password: string }): Promise<void> {
  await page.goto('/support/login')
  await page.getByLabel('Address').fill(login.email)
  await page.getByLabel('Password', { exact: true }).fill(login.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/support(?!\/login)/)
}

let counter = 0
/** An address that no other test uses; `local` may be one at which the catcher misbehaves. */
export const freshAddress = (local: string): string => `${local}+${process.pid}-${++counter}@example.com`

type Mail = { ID: string; Subject: string; HTML: string; Text: string; MessageID: string }

/** The newest mail to this address, as soon as it is there, in full. */
export async function mailTo(address: string): Promise<Mail> {
  const search = `${stack().mail}/api/v1/search?query=${encodeURIComponent(`to:"${address}"`)}`
  let id = ''
  await expect
    .poll(
      async () => {
        const { messages } = (await (await fetch(search)).json()) as { messages: { ID: string }[] }
        id = messages[0]?.ID ?? ''
        return id
      },
      { timeout: 20_000, intervals: [50] },
    )
    .not.toBe('')
  return (await (await fetch(`${stack().mail}/api/v1/message/${id}`)).json()) as Mail
}

export const linkIn = (mail: Mail): string => /https?:\/\/\S+\/set-password#[\w-]+/.exec(mail.Text)?.[0] ?? 'no link'

/** Somebody with a password of their own, made through the API and the link in their mail. */
export async function person(
  role: string,
  email = freshAddress('person'),
): Promise<{ id: number; email: string; password: string }> {
  const password = 'a long enough passphrase'
  const created = await callApi('POST', '/api/users', { first_name: 'Noor', last_name: 'Example', email, role })
  const { id } = (await created.json()) as { id: number }
  const token = linkIn(await mailTo(email)).split('#')[1]
  expect((await callApi('POST', '/api/reset-password', { token, password }, null)).status).toBe(200)
  return { id, email, password }
}

/** Until nothing fades or slides any more, but for what goes round for ever. */
export async function untilStill(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ effect, playState }) => playState !== 'running' || effect?.getComputedTiming().iterations === Infinity),
  )
}

/** Nothing for axe to find, once nothing fades or slides any more: half-faded text has no true contrast. */
export async function expectAccessible(page: Page): Promise<void> {
  await untilStill(page)
  // In a preview nothing runs, axe neither: the mails are looked at where they are made (emails/).
  // An open menu stands outside of all landmarks, as it may; `region` is advice of axe's own, not of WCAG.
  const { violations } = await new AxeBuilder({ page })
    .exclude('iframe[sandbox]')
    // What passes is counted, and not described.
    .options({ resultTypes: ['violations'] })
    .disableRules('region')
    .analyze()
  expect(violations).toEqual([])
}

/** The API as another service calls it. */
export async function callApi(
  method: string,
  path: string,
  body?: unknown,
  key: string | null = stack().api_key,
): Promise<Response> {
  return fetch(`${stack().api}${path}`, {
    method,
    headers: {
      ...(key && { Authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
}

/** Takes the stack's own sign-in through the create-user dialog. */
export async function createUser(
  page: Page,
  user: { first: string; last: string; email: string; role: string; password?: string },
): Promise<void> {
  await page.goto('/support/users')
  await page
    .getByRole('link', { name: 'Create user' })
    .or(page.getByRole('button', { name: 'Create user' }))
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('First name').fill(user.first)
  await dialog.getByLabel('Last name').fill(user.last)
  await dialog.getByLabel('Address').fill(user.email)
  await dialog.getByRole('radio', { name: new RegExp(`^${user.role}`) }).check()
  if (user.password) {
    await dialog.getByRole('radio', { name: 'Set a first password' }).check()
    await dialog.getByLabel('First password', { exact: true }).fill(user.password)
  }
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await expect(dialog.getByText('The user exists.')).toBeVisible()
}
