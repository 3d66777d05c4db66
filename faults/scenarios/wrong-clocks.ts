import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { goOn } from '@/stack/scripted-smtp'
import type { Run, Scenario } from '../scenario'

/** Where Debian and Fedora put it. */
const libraries = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
]
const library = libraries.find((path) => existsSync(path))

const isFailing = (to: string) => /^m\d*5@/.test(to)

/** Two of three workers with wrong clocks, 2 h ahead and 2 h behind, which then swap: a step of NTP of 4 h. */
export const wrongClocks: Scenario = {
  id: 'F19',
  title: 'workers whose clocks are 2 h ahead and 2 h behind, and then step by 4 h',
  kind: { brokers: 1 },
  ...(library ? {} : { notPossible: 'libfaketime is not installed (apt install faketime, dnf install libfaketime)' }),
  seconds: () => 35,
  async fault(run) {
    if (!library) return
    const { rig } = run
    const failed = new Set<string>()
    rig.smtp.script = ({ moment, to }) => {
      if (moment !== 'rcpt' || !isFailing(to) || failed.has(to)) return goOn
      failed.add(to)
      return { kind: 'reply', code: 451, text: '4.3.0 later, please' }
    }
    await run.at(0.05)
    const clocks = ['ahead', 'behind'].map((name) => join(rig.folder, `clock-${name}`))
    const set = (offsets: readonly string[]) => clocks.forEach((file, at) => writeFileSync(file, `${offsets[at]}\n`))
    set(['+7200s', '-7200s'])
    const right = rig.workers.slice(1)
    await Promise.all(right.map((worker) => worker.stop('SIGTERM')))
    const wrong = await Promise.all(
      clocks.map((file) =>
        rig.addWorker({
          LD_PRELOAD: library,
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_NO_CACHE: '1',
          // As with a real clock that is set: spans go on.
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        }),
      ),
    )
    await schedule(run, 6_000)
    await run.at(0.6)
    set(['-7200s', '+7200s'])
    await schedule(run, 6_000)
    await run.at(1)
    await sleep(8_000)
    await Promise.all(wrong.map((worker) => rig.removeWorker(worker)))
    await Promise.all(right.map((worker) => worker.start()))
  },
  check(run, audit) {
    const { rig, load, tag } = run
    const gaps = [...load.accepted.values()].filter(isFailing).flatMap((to) => {
      const [first, second] = rig.smtp.tries.get(to) ?? []
      return first && second ? [second - first] : []
    })
    const soonest = Math.min(...gaps)
    run.bar(
      'no try comes early',
      gaps.length > 0 && soonest >= rig.config.RETRY_BASE_MS * 0.8,
      `${gaps.length} second tries, the soonest after ${soonest} ms`,
    )
    run.bar('no hold is taken from a worker that lives', audit.flagged === 0, `${audit.flagged} flagged`)
    const early = rig.smtp.accepted.filter(({ to, at }) => {
      const due = /^at(\d+)-/.exec(to)?.[1]
      return to.endsWith(`@${tag}.example.com`) && due !== undefined && at < Number(due)
    })
    run.bar('no mail goes before the time it was asked for', early.length === 0, `${early.length} early`)
  },
}

/** Mails for later; when they are due stands in their addresses, in epoch milliseconds. */
async function schedule({ rig, load, tag }: Run, inMs: number): Promise<void> {
  for (let n = 0; n < 5; n++) {
    const due = Date.now() + inMs
    const to = `at${due}-${n}@${tag}.example.com`
    const answer = await fetch(`http://127.0.0.1:${rig.webPort()}/api/messaging/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to, subject: 'For later', message: 'Now.', send_at: new Date(due).toISOString() }),
    })
    const { id } = (await answer.json()) as { id?: string }
    if (!id) throw new Error(`A mail for later was not accepted: ${answer.status}`)
    load.accepted.set(id, to)
  }
}
