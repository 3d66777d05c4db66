// What `npm start` and `npm test` need before anything else can run; plain JavaScript, because nothing is installed yet.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))

const STAMP = 'node_modules/.installed-lock'
/** npm writes it when an installation is complete. */
const INSTALLED = 'node_modules/.package-lock.json'

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer (24 is recommended, see .nvmrc).`)
}

/** Checks Node, and runs `npm ci` when the lock file is not the one that was installed. */
export async function installWhenChanged() {
  checkNode()
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
  if (!isInstalled(lock)) {
    console.log('\n  · Packages    installing with npm ci, about half a minute')
    const environment = { ...process.env, NODE_ENV: 'development' } // "production" would leave out what builds the app
    const npm = spawn('npm', ['ci', '--loglevel=error'], { stdio: ['ignore', 'inherit', 'inherit'], env: environment })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => npm.kill(signal))
    const code = await new Promise((resolve) => {
      npm.once('error', () => resolve('npm was not found'))
      npm.once('exit', (code, signal) => resolve(signal ?? code))
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
    if (code !== 0) fail(`npm ci failed (${code}): see its lines above, then start again.`)
  }
  writeFileSync(STAMP, lock)
}

function isInstalled(lock) {
  if (!existsSync(INSTALLED)) return false
  if (existsSync(STAMP)) return readFileSync(STAMP, 'utf8') === lock
  return statSync(INSTALLED).mtimeMs >= statSync('package-lock.json').mtimeMs // installed by hand
}

function fail(sentence) {
  console.error(`\n  ✗ ${sentence}\n`)
  process.exit(1)
}
