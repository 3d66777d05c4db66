import type { BrowserContext, Page } from '@playwright/test'
import { callApi, expect, freshAddress, signIn, stack, test } from './fixtures'

const send = async (to: string, subject = 'Your order'): Promise<string> => {
  const body = { to, subject, message: 'It is on its way.' }
  return ((await (await callApi('POST', '/api/messaging/send', body)).json()) as { id: string }).id
}

const messageOf = async (id: string) =>
  ((await (await callApi('GET', `/api/messages/${id}`)).json()) as { message: { status: string } }).message

const isSent = (id: string) =>
  expect.poll(async () => (await messageOf(id)).status, { intervals: [100], timeout: 30_000 }).toBe('sent')

/** How often this browser asks for addresses like this. */
function count(context: BrowserContext, address: RegExp) {
  const counted = { times: 0 }
  context.on('request', (request) => {
    if (address.test(new URL(request.url()).pathname)) counted.times++
  })
  return counted
}

const isLive = (page: Page) => expect(page.locator('#content').getByText('Live', { exact: true })).toBeVisible()
const rowOf = (page: Page, address: string) => page.getByRole('row').filter({ hasText: address })

/** When the words were first there, by the clock of this machine. */
const shownAt = async (page: Page, words: string): Promise<number> =>
  await page
    .waitForFunction(
      (words) => {
        const isThere = [...document.querySelectorAll('main span')].some((one) => one.textContent === words)
        return isThere ? Date.now() : false
      },
      words,
      { polling: 20 },
    )
    .then(async (handle) => (await handle.jsonValue()) as number)

/** A mail that waits until somebody cancels it. */
async function later(): Promise<string> {
  const body = { to: freshAddress('later'), subject: 'Later', message: 'Hello', send_at: inAnHour() }
  return ((await (await callApi('POST', '/api/messaging/send', body)).json()) as { id: string }).id
}
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

/** By when each of these showed it, counted from the moment it was done. */
async function cancelSeenBy(pages: Page[], id: string): Promise<number[]> {
  const seen = pages.map((one) => shownAt(one, 'Cancelled'))
  expect((await callApi('POST', `/api/messages/${id}/cancel`, {})).status).toBe(200)
  const doneAt = Date.now()
  return (await Promise.all(seen)).map((at) => at - doneAt)
}

/**
 * Within a second, where nothing else runs: a busy machine must not fail this. Without the line they would look again after 30 s.
 */
const toldWithinMs = 5_000

test('all tabs of a browser share one connection, and each shows a status at once', async ({ page, context }) => {
  await signIn(page)
  const connections = count(context, /^\/api\/live$/)
  const id = await later()
  const pages = [page, await context.newPage(), await context.newPage(), await context.newPage()]
  for (const one of pages) {
    await one.goto(`/support/messages/${id}`)
    await isLive(one)
  }
  for (const ms of await cancelSeenBy(pages, id)) expect(ms).toBeLessThan(toldWithinMs)
  // The first tab may have held another one for the page that it showed before.
  expect(connections.times).toBeLessThanOrEqual(2)
  connections.times = 0

  // Whoever holds the connection leaves: another tab takes it over, and misses nothing.
  const other = await later()
  const [, ...rest] = pages
  for (const one of rest) {
    await one.goto(`/support/messages/${other}`)
    await isLive(one)
  }
  await page.close()
  await expect.poll(() => connections.times).toBe(1)
  for (const ms of await cancelSeenBy(rest, other)) expect(ms).toBeLessThan(toldWithinMs)
  expect(connections.times).toBe(1)
})

test('a page that is told of changes does not ask all the time', async ({ page, context }) => {
  await signIn(page)
  await page.clock.install()
  const asked = count(context, /^\/api\/messages$/)
  // Once when it begins to listen: something may have changed before. What comes until that is answered is not new.
  await later()
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/messages')
  await page.goto('/support/messages')
  await isLive(page)
  await (await answered).finished()
  const id = await send(freshAddress('told'))
  await isSent(id)
  await expect(page.getByRole('button', { name: /new$/ })).toBeVisible()
  // Without the line it would ask every 2 s, as something is under way; with it, only for safety, every 30 s. In more time than
  // this the line itself would seem dead, because its signs of life come by the clock of the server.
  await page.clock.runFor(5_000)
  // What was asked for until now is counted before this one.
  await page.evaluate(() => fetch('/api/health'))
  expect(asked.times).toBeLessThanOrEqual(2)
})

test('click while rows change: the row that is aimed at keeps its place, and is the one that opens', async ({
  page,
}) => {
  await signIn(page)
  const below = freshAddress('below')
  await isSent(await send(below))
  const aimed = freshAddress('slow')
  const aimedId = await send(aimed, 'Aimed at')
  await page.goto('/support/messages')
  await isLive(page)
  const row = rowOf(page, aimed)
  await expect(row).toBeVisible()
  const box = await row.boundingBox()
  if (!box) throw new Error('The row is nowhere')
  const at = { x: box.x + box.width / 3, y: box.y + box.height / 2 }
  await page.mouse.move(at.x, at.y)

  const fresh = Array.from({ length: 4 }, () => freshAddress('fresh'))
  for (const address of fresh) await send(address)
  const button = page.getByRole('button', { name: '4 new' })
  await expect(button).toBeVisible()
  // It changes in its place, and nothing has moved.
  await expect(row.getByText('Sent', { exact: true })).toBeVisible()
  expect(await row.boundingBox()).toEqual(box)
  for (const address of fresh) await expect(rowOf(page, address)).toHaveCount(0)

  await page.mouse.down()
  await page.mouse.up()
  await page.waitForURL(`**/support/messages/${aimedId}`)
  await page.goBack()
  await expect(rowOf(page, aimed)).toBeVisible()
})

test('"4 new" shows them, and is said to people who do not see it', async ({ page }) => {
  await signIn(page)
  await page.goto('/support/messages')
  await isLive(page)
  const old = page.getByRole('row').nth(1)
  const address = freshAddress('shown')
  await send(address)
  const button = page.getByRole('status').getByRole('button', { name: '1 new' })
  await expect(button).toBeVisible()
  await button.press('Enter')
  await expect(rowOf(page, address)).toBeVisible()
  await expect(button).toHaveCount(0)
  // The keyboard goes on with the first row.
  await expect(page.getByRole('row').nth(1).getByRole('link').first()).toBeFocused()
  await expect(old).toContainText(address)
})

test('in the list of people a new account waits too, and their mail is followed in place', async ({ page }) => {
  await signIn(page)
  await page.goto('/support/users')
  await isLive(page)
  const email = freshAddress('slow')
  await callApi('POST', '/api/users', { first_name: 'Nova', last_name: 'Waits', email })
  await page.getByRole('button', { name: /^\d+ new$/ }).click()
  await expect(rowOf(page, email)).toBeVisible()
  await expect(rowOf(page, email).getByText('Sent', { exact: true })).toBeVisible({ timeout: 30_000 })
})

test.describe('without the feed', () => {
  test.use({ expectedErrors: [/Failed to load resource/] })

  test('pages say how old they are and ask by themselves; with it they are live again, and caught up', async ({
    page,
  }) => {
    test.setTimeout(180_000)
    await page.route('**/api/live', (route) => route.abort())
    await signIn(page)
    await page.goto('/support/messages')
    await expect(page.getByText(/^Updated \d+ s ago$/)).toBeVisible()
    const address = freshAddress('asked')
    await send(address)
    await expect(page.getByRole('button', { name: /new$/ })).toBeVisible()
    await page.unroute('**/api/live')
    await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 60_000 })
  })

  test('the web process stops at once although pages listen, and they are live again when it is back', async ({
    page,
  }) => {
    test.setTimeout(180_000)
    await signIn(page)
    await page.goto('/support/messages')
    await isLive(page)
    const web = stack().pids.web ?? 0
    const startedAt = performance.now()
    process.kill(web, 'SIGTERM')
    await expect.poll(() => isRunning(web), { intervals: [50], timeout: 10_000 }).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    await expect(page.getByText('Live', { exact: true })).toBeHidden()
    await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 60_000 })
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
