// `npm test`: every check, from a clean clone. Runs them one after the other, goes on after a failure so that one run tells
// all, and ends with `N passed, N failed` over everything.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { installWhenChanged } from './install.mjs'

await installWhenChanged()
// A .env of this machine must not decide what the tests see.
const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
const reports = mkdtempSync(join(tmpdir(), 'usual-store-check-'))
const total = { passed: 0, failed: 0 }
/** Named once more at the end: whoever reads a long log reads that first. */
const failures = []
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
  await suite('faults', command, faultCounts)
} else {
  notRun('faults')
}
const chromium = built ? findChromium() : null
if (chromium) {
  await suite('browser', () => [bin('playwright'), 'test', '--reporter=list,json'], playwrightCounts, {
    CHROMIUM_PATH: chromium,
  })
} else {
  notRun('browser')
}

rmSync(reports, { recursive: true, force: true })
for (const failure of failures) console.log(`\n✗ ${failure}`)
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 ? 0 : 1)

/** A check that only says yes or no counts as one. */
async function check(name, commands) {
  const started = performance.now()
  console.log(`\n── ${name}`)
  let code = 0
  for (const [file, ...args] of commands) code ||= await run(file, args)
  if (code === 0) total.passed++
  else {
    total.failed++
    failures.push(name)
  }
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
  const { passed, failed, reasons } = existsSync(report)
    ? counts(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0, reasons: [] }
  const ok = code === 0 && failed === 0 && passed > 0
  total.passed += passed
  if (!ok) {
    total.failed += Math.max(failed, 1)
    if (reasons.length === 0) reasons.push('it ended without a report of what failed')
    for (const reason of reasons) failures.push(`${name}: ${reason}`)
  }
  say(name, ok, started)
}

function vitest(project) {
  const reporters = ['--reporter=default', '--reporter=json']
  return (report) => [bin('vitest'), 'run', '--project', project, ...reporters, `--outputFile.json=${report}`]
}

function vitestCounts(report) {
  const reasons = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status !== 'passed')
    const file = relative(process.cwd(), name)
    // A file that does not even load has no tests.
    if (failed.length === 0 && status === 'failed') return [`${file}\n${message}`]
    return failed.map((one) => `${file} › ${one.fullName} (${one.status})\n${one.failureMessages.join('\n')}`)
  })
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numPendingTests + report.numTodoTests,
    reasons,
  }
}

function faultCounts({ passed, failed, results }) {
  const reasons = results
    .filter((one) => !one.passed)
    .map(({ id, bars }) =>
      [id, ...bars.filter(({ isMet }) => !isMet).map(({ name, figure }) => `${name}: ${figure}`)].join('\n'),
    )
  return { passed, failed, reasons }
}

/** A test that passed only at a second try has failed: it is to be understood. */
function playwrightCounts({ stats, suites }) {
  const specs = (suite) => [...suite.specs, ...(suite.suites ?? []).flatMap(specs)]
  const reasons = suites
    .flatMap(specs)
    .filter(({ tests }) => tests.some(({ status }) => status !== 'expected'))
    .map(({ file, title, tests }) => {
      const errors = tests.flatMap((one) => one.results.flatMap((result) => result.errors ?? []))
      return [`${file} › ${title}`, ...errors.map(({ message }) => message)].join('\n')
    })
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped, reasons }
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

function notRun(name) {
  console.log(`\n✗ ${name}: not run`)
  total.failed++
  failures.push(`${name}: not run`)
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
