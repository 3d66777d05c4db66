import { setTimeout as sleep } from 'node:timers/promises'
import { goOn, type Script } from '@/stack/scripted-smtp'
import { until } from '@/stack/until'
import { retryBaseMs, signIn, type Rig } from '../rig'
import type { Run, Scenario } from '../scenario'

const busy = { kind: 'reply', code: 451, text: '4.3.0 try again later' } as const

/** Tries wait 1, 4 and 16 s here instead of 0.5, 2 and 8 min; that they wait four times longer each is what is looked at. */
export const temporaryRefusals: Scenario = {
  id: 'F14',
  title: 'a storm of 451: every third mail, then every one',
  kind: { brokers: 1 },
  seconds: (isShort) => (isShort ? 14 : 60),
  allowedDead: ['tries_used_up'],
  async fault(run) {
    const { rig, random } = run
    await run.at(0.1)
    rig.smtp.script = ({ moment }) => (moment === 'rcpt' && random() < 0.3 ? busy : goOn)
    await run.at(0.5)
    rig.smtp.script = ({ moment }) => (moment === 'rcpt' ? busy : goOn)
    await sleep(run.isShort ? 4_000 : 30_000)
    rig.smtp.script = ({ moment }) => (moment === 'rcpt' && random() < 0.3 ? busy : goOn)
    await run.at(1)
    rig.smtp.behave()
    await run.mustFlowAgain('the server takes mail again', 30_000)
  },
  async check(run) {
    const { rig, tag } = run
    const dead = await rig.sql<{ to: string }[]>`
      select to_address as to from messages where status = 'dead' and to_address like ${`%@${tag}.example.com`}`
    const early = dead.filter(({ to }) => (rig.smtp.tries.get(to)?.length ?? 0) < 4)
    run.bar('given up only after 4 real tries', early.length === 0, `${dead.length} dead, ${early.length} too early`)
    let again = 0
    let hasty = 0
    for (const [to, tries] of rig.smtp.tries) {
      if (!to.includes(tag)) continue
      for (const [at, instant] of tries.slice(1).entries()) {
        again++
        if (instant - (tries[at] ?? 0) < 0.8 * retryBaseMs * 4 ** at) hasty++
      }
    }
    run.bar('each try waits four times longer', again > 0 && hasty === 0, `${again} tries again, ${hasty} too soon`)
  },
}

/** Everybody who was connected has to begin anew. */
async function reconnect(rig: Rig): Promise<void> {
  await rig.smtp.die()
  await rig.smtp.listen()
}

async function banner({ rig }: Run): Promise<{ state: string; kind: string | null; sentence: string }> {
  const answer = await fetch(`http://127.0.0.1:${rig.webPort()}/api/delivery`, {
    headers: { authorization: `Bearer ${rig.apiKey}` },
  })
  return (await answer.json()) as { state: string; kind: string | null; sentence: string }
}

/** What is wrong is our settings or our provider, not the mail: none of it may cost a try. */
type Misfortune = {
  name: string
  kind: 'configuration' | 'throttle' | 'quota'
  begin: (rig: Rig) => Promise<void>
  end: (rig: Rig) => Promise<void>
}

const sayAt =
  (moment: 'auth' | 'rcpt', code: number, text: string): Script =>
  (scene) =>
    scene.moment === moment ? { kind: 'reply', code, text } : goOn

const misfortunes: readonly Misfortune[] = [
  {
    name: 'wrong credentials (535)',
    kind: 'configuration',
    begin: (rig) => {
      rig.smtp.credentials = { ...signIn, password: 'another' }
      return reconnect(rig)
    },
    end: (rig) => {
      rig.smtp.credentials = signIn
      return Promise.resolve()
    },
  },
  {
    name: 'an expired certificate',
    kind: 'configuration',
    begin: (rig) => {
      rig.smtp.certificate = rig.certificates?.expired ?? null
      return reconnect(rig)
    },
    end: (rig) => {
      rig.smtp.certificate = rig.certificates?.good ?? null
      return Promise.resolve()
    },
  },
  {
    name: "Mailtrap's 550 for too many mails a second",
    kind: 'throttle',
    begin: (rig) => {
      rig.smtp.script = sayAt('rcpt', 550, '5.7.0 Requested action not taken: too many emails per second')
      return Promise.resolve()
    },
    end: (rig) => {
      rig.smtp.behave()
      return Promise.resolve()
    },
  },
  {
    name: "Mailtrap's 535 for a used-up month",
    kind: 'quota',
    begin: (rig) => {
      rig.smtp.script = sayAt('auth', 535, '5.7.0 Monthly messages limit reached')
      return reconnect(rig)
    },
    async end(rig) {
      rig.smtp.behave()
      // A used-up allowance is asked after every 15 min only; nobody waits here for that.
      await rig.sql`update breakers set probe_at = now() where state <> 'closed'`
    },
  },
]

export const misconfigured: Scenario = {
  id: 'F16',
  title: "wrong credentials, an expired certificate, Mailtrap's texts",
  kind: { brokers: 1, secured: true },
  seconds: (isShort) => (isShort ? 30 : 90),
  async fault(run) {
    const { rig } = run
    for (const [at, { name, kind, begin, end }] of misfortunes.entries()) {
      await run.at(0.1 + 0.2 * at)
      await begin(rig)
      const isTold = await until(async () => {
        const { state, kind: said } = await banner(run)
        return state === 'delayed' && said === kind
      }, 20_000)
      const { sentence } = await banner(run)
      run.bar(`staff are told: ${name}`, isTold, sentence)
      await sleep(run.isShort ? 1_000 : 8_000)
      await end(rig)
      await run.mustFlowAgain(name, 60_000)
    }
  },
  async check(run, audit) {
    const [row] = await run.rig.sql<{ burned: number }[]>`
      select coalesce(sum(retry_count), 0)::int as burned from messages where to_address like ${`%@${run.tag}.example.com`}`
    run.bar('no try is burned', row?.burned === 0, `${row?.burned}`)
    run.bar('nothing is given up', audit.dead === 0, `${audit.dead}`)
  },
}
