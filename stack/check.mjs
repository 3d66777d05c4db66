// `npm test`: every check, from a clean clone. Runs them one after the other, goes on after a failure so that one run tells
// all, and ends with `N passed, N failed` over everything.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installWhenChanged } from './install.mjs'

await installWhenChanged()
// A .env of this machine must not decide what the tests see.
const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
const reports = mkdtempSync(join(tmpdir(), 'usual-store-check-'))
const total = { passed: 0, failed: 0 }
let current = null

// Ctrl-C and CI's time limit end what is running; its own children go with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    current?.kill(signal)
    setTimeout(() => process.exit(130), 20_000).unref()
    current?.once('exit', () => process.exit(130))
  })
}

const bin = (name) => join('node_modules/.bin', name)

await check('types', [['npm', 'run', '--silent', 'typecheck']])
await check('lint and import rule', [['npm', 'run', '--silent', 'lint']])
await check('format', [['npm', 'run', '--silent', 'format:check']])
await check('unused code', [['npm', 'run', '--silent', 'unused']])
await suite('unit', vitest('unit'), vitestCounts)
await suite('integration', vitest('integration'), vitestCounts)
const built = await check('build', [['npm', 'run', '--silent', 'build']])
if (built) {
  const command = (report) => [bin('tsx'), 'faults/main.ts', '--subset', '--report', report]
  await suite('faults', command, ({ passed, failed }) => ({ passed, failed }))
} else {
  console.log('\n✗ faults: not run')
  total.failed++
}
const chromium = built ? findChromium() : null
if (chromium) {
  await suite('browser', () => [bin('playwright'), 'test', '--reporter=list,json'], playwrightCounts, {
    CHROMIUM_PATH: chromium,
  })
} else {
  console.log('\n✗ browser: not run')
  total.failed++
}

rmSync(reports, { recursive: true, force: true })
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 ? 0 : 1)

/** A check that only says yes or no counts as one. */
async function check(name, commands) {
  const started = performance.now()
  console.log(`\n── ${name}`)
  let code = 0
  for (const [file, ...args] of commands) code ||= await run(file, args)
  if (code === 0) total.passed++
  else total.failed++
  say(name, code === 0, started)
  return code === 0
}

/** A suite counts its tests. One that reports none, or dies before it reports, has failed. */
async function suite(name, commandFor, counts, more = {}) {
  const started = performance.now()
  console.log(`\n── ${name}`)
  const report = join(reports, `${name}.json`)
  const [file, ...args] = commandFor(report)
  const code = await run(file, args, { PLAYWRIGHT_JSON_OUTPUT_NAME: report, ...more })
  const { passed, failed } = existsSync(report)
    ? counts(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0 }
  const ok = code === 0 && failed === 0 && passed > 0
  total.passed += passed
  total.failed += ok ? 0 : Math.max(failed, 1)
  say(name, ok, started)
}

function vitest(project) {
  const reporters = ['--reporter=default', '--reporter=json']
  return (report) => [bin('vitest'), 'run', '--project', project, ...reporters, `--outputFile.json=${report}`]
}

function vitestCounts(report) {
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numPendingTests + report.numTodoTests }
}

/** A test that passed only at a second try has failed: it is to be understood. */
function playwrightCounts({ stats }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped }
}

function run(file, args, more = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...environment, ...more } })
    current = child
    child.once('error', (error) => {
      console.error(`${file}: ${error.message}`)
      resolve(1)
    })
    child.once('exit', (code, signal) => resolve(signal ? 1 : code))
  })
}

function say(name, ok, started) {
  console.log(`${ok ? '✓' : '✗'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

/** Playwright's own, else the system's, else Debian's package when we may install it. */
function findChromium() {
  const own = spawnSync(
    process.execPath,
    ['-e', "process.stdout.write(require('playwright').chromium.executablePath())"],
    { encoding: 'utf8' },
  )
  if (own.stdout && existsSync(own.stdout)) return own.stdout
  const found = systemChromium()
  if (found) return found
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('\nChromium is missing: installing the package of this system')
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  const installed = systemChromium()
  if (!installed)
    console.error('\nChromium was not found: install it (Debian: apt-get install chromium), then run npm test again.')
  return installed
}

function systemChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const which = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    if (which.status === 0) return which.stdout.trim()
  }
  return null
}
