import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, expect, type BrowserContext, type Page } from '@playwright/test'
import sharp from 'sharp'
import { repositoryRoot } from '@/stack/processes'
import { makePast } from '@/stack/testing/made-past'
import playwrightConfig from '../../playwright.config'
import { callApi, signIn, stack, untilStill } from '../fixtures'
import { startStack } from '../start-stack'
import { makePeople, sendMail, type Made } from './make-people'
import { outageShots, quietShots, shots, type Shot } from './shots'

/**
 * Photographs every page in every state, in both schemes, at 1440 and 375 px, into docs/screenshots: `npm run screenshots`.
 * With names behind it (`npm run screenshots -- overview`), only the shots that begin with one of them.
 */

const folder = join(repositoryRoot, 'docs/screenshots')
const wanted = process.argv.slice(2)

const views = (['light', 'dark'] as const).flatMap((scheme) =>
  [
    { width: 1440, height: 900 },
    { width: 375, height: 812 },
  ].map((viewport) => ({ scheme, viewport })),
)
type View = (typeof views)[number] & { signedIn: BrowserContext; signedOut: BrowserContext }

const failed: string[] = []
const say = (line: string) => process.stdout.write(`${line}\n`)

const end = await startStack({ RETRY_BASE_MS: '600000', LOG_LEVEL: 'info', npm_lifecycle_event: 'start' })
const browser = await chromium.launch(playwrightConfig.use?.launchOptions)
try {
  await makePast(stack().database, { first: 'Maya', last: 'Example' })
  mkdirSync(folder, { recursive: true })
  const open = await openViews()
  const [first] = open
  if (!first) throw new Error('There is no view')

  await photograph(quietShots, open)
  const people = await makePeople(first.signedIn.request)
  await photograph(shots, open, { ...people, mail: { ...people.mail, delayed: '' } })

  if (asked(outageShots).length > 0)
    await inAnOutage((delayed) => photograph(outageShots, open, { ...people, mail: { ...people.mail, delayed } }))
} finally {
  await browser.close()
  await end()
}
for (const line of failed) say(`✗ ${line}`)
process.exitCode = failed.length > 0 ? 1 : 0

/** @param work told the id of a mail that waits */
async function inAnOutage(work: (delayed: string) => Promise<void>): Promise<void> {
  const mailServer = stack().pids.mail
  if (mailServer === undefined) throw new Error('This stack has no mail server of its own')
  process.kill(mailServer, 'SIGSTOP')
  try {
    const delayed = await sendMail({ to: 'olena.sample@example.com', subject: 'Your parcel has arrived' })
    for (const to of ['tom.tester@example.net', 'ines.mockup@example.com', 'lars.dummy@example.org']) {
      await sendMail({ to, subject: 'Your parcel has arrived' })
    }
    await expect.poll(delivery, { timeout: 120_000, message: 'the outage is noticed' }).toBe('delayed')
    await work(delayed)
  } finally {
    process.kill(mailServer, 'SIGCONT')
  }
}

async function openViews(): Promise<View[]> {
  const settings = {
    baseURL: stack().web,
    locale: 'en-GB',
    timezoneId: 'Europe/Kyiv',
    reducedMotion: 'reduce',
  } as const
  const once = await browser.newContext(settings)
  await signIn(await once.newPage())
  const storageState = await once.storageState()
  return Promise.all(
    views.map(async (view) => {
      const own = { ...settings, colorScheme: view.scheme, viewport: view.viewport }
      const signedIn = await browser.newContext({ ...own, storageState })
      return { ...view, signedIn, signedOut: await browser.newContext(own) }
    }),
  )
}

function asked(list: Shot[]): Shot[] {
  return list.filter(({ name }) => wanted.length === 0 || wanted.some((one) => name.startsWith(one)))
}

async function photograph(list: Shot[], open: View[], made?: Made): Promise<void> {
  for (const shot of asked(list)) {
    for (const view of open) await photographOnce(shot, view, made)
  }
}

/** One that cannot be made is told of at the end, and does not keep the others from being made. */
async function photographOnce(shot: Shot, view: View, made: Made | undefined): Promise<void> {
  const name = `${shot.name}-${view.scheme}-${view.viewport.width}`
  const page = await (shot.isSignedOut ? view.signedOut : view.signedIn).newPage()
  page.setDefaultTimeout(10_000)
  try {
    if (typeof shot.path !== 'string' && !made) throw new Error('Nobody has been made yet')
    await page.goto(typeof shot.path === 'string' ? shot.path : shot.path(made as Made))
    await shot.open?.(page)
    await settled(page)
    const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' })
    // They are kept beside the code: with a palette they are less than half as large.
    await sharp(picture)
      .png({ palette: true, colours: 128, effort: 7 })
      .toFile(join(folder, `${name}.png`))
    say(name)
  } catch (error) {
    failed.push(`${name}: ${String(error).split('\n')[0]}`)
  } finally {
    await page.close()
  }
}

/** Nothing is awaited any more, neither a font nor what a page shows once it has it. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('load')
  await page.evaluate(() => document.fonts.ready)
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  // Whether the page keeps up is known.
  await expect(page.locator('[data-unknown="true"]')).toHaveCount(0)
  await untilStill(page)
}

async function delivery(): Promise<string> {
  const answer = await callApi('GET', '/api/delivery')
  return ((await answer.json()) as { state: string }).state
}
