// What `npm start` and `npm test` need before anything else can run; plain JavaScript, because nothing is installed yet.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))

const STAMP = 'node_modules/.installed-lock'
/** npm writes it when an installation is complete. */
const INSTALLED = 'node_modules/.package-lock.json'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer (24 is recommended, see .nvmrc).`)
}

/** What decides what is installed: the lock file, and what is changed in packages after that. */
const sources = () => ['package-lock.json', ...readdirSync('patches').map((name) => join('patches', name))]

/** Checks Node, and runs `npm ci` when that is not what was installed. */
export async function installWhenChanged() {
  checkNode()
  const hash = createHash('sha256')
  for (const file of sources()) hash.update(readFileSync(file))
  const lock = hash.digest('hex')
  if (isInstalled(lock)) return
  const release = await takeTurn()
  try {
    if (!isInstalled(lock)) await install()
    writeFileSync(STAMP, lock)
  } finally {
    release()
  }
}

async function install() {
  console.log('\n  · Packages    installing with npm ci, about half a minute')
  const environment = { ...process.env, NODE_ENV: 'development' } // "production" would leave out what builds the app
  const npm = spawn(process.execPath, ['stack/npm-ci.mjs'], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: environment,
  })
  let isStopped = false
  const stop = () => {
    isStopped = true
    npm.stdin.destroy()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  const code = await new Promise((resolve) => npm.once('exit', resolve))
  for (const signal of SIGNALS) process.off(signal, stop)
  if (isStopped) fail('Stopped while installing; the next start installs anew.')
  if (code === 127) fail('npm was not found: install Node.js with npm, then start again.')
  if (code !== 0) fail(`npm ci failed (${code}): see its lines above, then start again.`)
}

/** Two stacks of one clone may start at once: the second waits until the first has installed. */
async function takeTurn() {
  const clone = createHash('sha256').update(process.cwd()).digest('hex').slice(0, 12)
  const turn = join(tmpdir(), `usual-store-install-${clone}`) // not in node_modules, which npm empties
  for (;;) {
    try {
      writeFileSync(turn, String(process.pid), { flag: 'wx' })
      return () => rmSync(turn)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (existsSync(turn) && !isRunning(Number(readFileSync(turn, 'utf8')))) rmSync(turn) // its owner was killed
    await sleep(200)
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM' // somebody else's process
  }
}

function isInstalled(lock) {
  if (!existsSync(INSTALLED)) return false
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return true
  const installedAt = statSync(INSTALLED).mtimeMs
  return sources().every((file) => installedAt >= statSync(file).mtimeMs) // installed by hand
}

function fail(sentence) {
  console.error(`\n  ✗ ${sentence}\n`)
  process.exit(1)
}
