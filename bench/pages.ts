import { rmSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright'
import { Launcher, stackEnvironment } from '@/stack/testing/launcher'

const rounds = 5
const people = 30
/** What is promised of every page at its first load, on the local build. */
const most = { scriptKb: 300, paintMs: 1_500, shift: 0.05 }

const pages = [
  '/support/login',
  '/support',
  '/support?q=bench',
  '/support/users',
  '/support/users?create=1',
  '/support/users/2',
  '/support/messages',
  '/support/templates',
  '/support/templates/welcome',
  '/support/audit',
  '/support/api-keys',
  '/support/account',
]

type Seen = { scriptKb: number; paintMs: number; shift: number }

/**
 * Loads every page anew, with nothing kept from before, and tells how much script came with it (gzipped, as it went over the
 * line), when its largest part was painted, and how far things moved. Ends with 1 when a promise is not kept.
 */
export async function pageLoads(): Promise<void> {
  const environment = { ...(await stackEnvironment()), LOG_LEVEL: 'warn' }
  const launcher = new Launcher(environment, 'stack/start.mjs')
  let browser: Browser | null = null
  try {
    const stack = await launcher.ready(240_000)
    const headers = { Authorization: `Bearer ${stack.api_key}`, 'Content-Type': 'application/json' }
    let message = ''
    for (let number = 0; number < people; number++) {
      const body = { first_name: 'Bench', last_name: `Number ${number}`, email: `bench.${number}@example.com` }
      const answer = await fetch(`${stack.api}/api/users`, { method: 'POST', headers, body: JSON.stringify(body) })
      message = ((await answer.json()) as { welcome_message_id: string }).welcome_message_id
    }
    browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'], args: ['--no-sandbox'] })
    const signedIn = await signIn(browser, stack.web, stack.login)
    say(`\n${'first load'.padEnd(40)} ${'script'.padStart(9)} ${'painted'.padStart(9)} ${'moved'.padStart(7)}`)
    for (const path of [...pages, `/support/messages/${message}`]) await look(browser, signedIn, stack.web + path, path)
  } finally {
    await browser?.close()
    launcher.signal('SIGTERM')
    await launcher.exitCode
    rmSync(environment.STACK_DIR, { recursive: true, force: true })
  }
}

type State = Awaited<ReturnType<BrowserContext['storageState']>>

async function signIn(
  browser: Browser,
  web: string,
  login: { email: string; password: string } | null,
): Promise<State> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${web}/support/login`)
  await page.getByLabel('Address').fill(login?.email ?? '')
  await page.getByLabel('Password', { exact: true }).fill(login?.password ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/support(?!\/login)/)
  const state = await context.storageState()
  await context.close()
  return state
}

async function look(browser: Browser, signedIn: State, url: string, name: string): Promise<void> {
  const seen: Seen[] = []
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      ...(name === '/support/login' ? {} : { storageState: signedIn }),
    })
    seen.push(await loadOnce(await context.newPage(), url))
    await context.close()
  }
  const worst = (of: keyof Seen) => Math.max(...seen.map((one) => one[of]))
  const painted = seen.map(({ paintMs }) => paintMs).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
  const isKept = worst('scriptKb') <= most.scriptKb && painted < most.paintMs && worst('shift') < most.shift
  say(
    `${name.slice(0, 39).padEnd(40)} ${`${worst('scriptKb').toFixed(1)} KB`.padStart(9)} ${`${painted.toFixed(0)} ms`.padStart(9)} ${worst('shift').toFixed(3).padStart(7)}${isKept ? '' : '  not kept'}`,
  )
  if (!isKept) process.exitCode = 1
}

async function loadOnce(page: Page, url: string): Promise<Seen> {
  const line = await page.context().newCDPSession(page)
  await line.send('Network.enable')
  /** By request, the size of the headers: they are no script. */
  const headers = new Map<string, number>()
  let bytes = 0
  line.on('Network.responseReceived', ({ requestId, type, response }) => {
    if (type === 'Script') headers.set(requestId, response.encodedDataLength)
  })
  line.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const head = headers.get(requestId)
    if (head !== undefined) bytes += encodedDataLength - head
  })
  await page.goto(url, { waitUntil: 'load' })
  const { paintMs, shift } = await page.evaluate(
    () =>
      new Promise<{ paintMs: number; shift: number }>((resolve) => {
        let [painted, moved] = [0, 0]
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) painted = entry.startTime
        }).observe({ type: 'largest-contentful-paint', buffered: true })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
            if (!entry.hadRecentInput) moved += entry.value
        }).observe({ type: 'layout-shift', buffered: true })
        // What wakes up after the load may still move things.
        setTimeout(() => resolve({ paintMs: painted, shift: moved }), 1_500)
      }),
  )
  return { scriptKb: bytes / 1_000, paintMs, shift }
}

const say = (line: string) => process.stdout.write(`${line}\n`)
