// The guard of one stack: a tiny process of its own session, joined to the launcher by a pipe. It is told every process the
// launcher starts, and ends them in order when it is asked to, or when the pipe closes because the launcher is gone
// (`kill -9`, a closed terminal, out of memory). Plain JavaScript without imports from node_modules: it must be up at once.
//
//   node guard.mjs <folder> <pid of the launcher>
//   in:  {"watch": {pid, name, order, signal, graceMs}} · {"end": true} · {"hurry": true}, one JSON a line
//   out: {"ready": true} · {"busy": <pid>}
//
// <folder>/guard.json holds the same list, so that whoever comes after a dead guard can finish its work.
import { spawnSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** All must be gone after this long; what still runs then is killed. */
const END_WITHIN_MS = 14_500
/** Kept for the parts that come later in the order. */
const RESERVE_MS = 1_000

const [folder, launcherPid] = [process.argv[2], Number(process.argv[3])]
const file = join(folder, 'guard.json')
let watched = []
const patience = { over: false }

/** Who a pid is: the same number is given to a stranger sooner or later, its start time is not. A zombie is nobody. */
function identity(pid) {
  if (process.platform !== 'linux') {
    const [state, ...started] = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .stdout.trim()
      .split(/\s+/)
    return !state || state.startsWith('Z') ? undefined : started.join(' ')
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z'
      ? undefined
      : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return undefined // no such process
  }
}

const describe = (pid) => ({ pid, identity: identity(pid) })
const alive = (one) => one.identity !== undefined && identity(one.pid) === one.identity
const self = describe(process.pid)
const launcher = describe(launcherPid)

function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // it ended in the meantime
  }
}

/** Written whole or not at all. `fresh`: fails when another launcher was quicker. */
function save({ fresh = false } = {}) {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify({ guard: self, launcher, watched }), { mode: 0o600 })
  try {
    if (fresh) linkSync(draft, file)
    else renameSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
}

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return { guard: {}, launcher: {}, watched: [] } // cut short by a power loss: nothing runs
    throw error
  }
}

/** Becomes the guard of this folder: waits for a guard that is still at work, and ends what a dead one left behind. */
async function takeOver() {
  for (;;) {
    const before = load()
    try {
      if (before === undefined) {
        save({ fresh: true })
        return
      }
    } catch (error) {
      if (error.code === 'EEXIST') continue
      throw error
    }
    if (before.launcher.pid === launcherPid && alive(before.launcher)) {
      watched = before.watched // the launcher lives and only its guard died: go on
      save()
      return
    }
    if (alive(before.launcher)) {
      say({ busy: before.launcher.pid })
      process.exit(3)
    }
    if (alive(before.guard)) {
      await sleep(50)
      continue
    }
    watched = before.watched
    save()
    await endAll()
    save()
    return
  }
}

async function endAll() {
  const deadline = performance.now() + END_WITHIN_MS
  const orders = [...new Set(watched.map((one) => one.order))].toSorted((a, b) => a - b)
  for (const order of orders) {
    const group = watched.filter((one) => one.order === order && alive(one))
    for (const one of group) signal(one.pid, one.signal)
    const grace = Math.max(0, ...group.map((one) => one.graceMs))
    const until = Math.min(performance.now() + grace, deadline - RESERVE_MS)
    while (!patience.over && performance.now() < until && group.some(alive)) await sleep(20)
    for (const one of group) signal(-one.pid, 'SIGKILL') // its whole group: also what a part has started itself
    while (group.some(alive)) await sleep(5)
  }
  watched = []
}

/** The launcher may be gone: then nobody reads, and that is no reason to stop the work. */
process.stdout.on('error', () => {})
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {}) // only the pipe ends it

let asked = () => {}
const over = new Promise((resolve) => (asked = resolve))
const lines = createInterface({ input: process.stdin })
lines.on('line', (text) => {
  const line = JSON.parse(text)
  if (line.watch) {
    watched = [...watched.filter(alive), { ...line.watch, ...describe(line.watch.pid) }]
    save()
  }
  if (line.hurry) patience.over = true
  if (line.end || line.hurry) asked()
})
lines.on('close', () => asked())

await takeOver()
say({ ready: true })
await over
await endAll()
rmSync(join(folder, 'stack.json'), { force: true })
rmSync(file, { force: true })
process.exit(0)
