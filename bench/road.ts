import { rmSync } from 'node:fs'
import { Launcher, stackEnvironment } from '@/stack/testing/launcher'
import { until } from '@/stack/until'

const rounds = 50
const warmUp = 10

type Caught = { messages: { Envelope: { ReceivedAt: string } }[] }

/**
 * Creates users one by one on an idle stack and tells how long after the answer their welcome mail was in the catcher
 * (negative: before the answer), and how long the answer took. The catcher notes the instant itself, on the same clock.
 */
export async function road(): Promise<void> {
  const environment = { ...(await stackEnvironment()), LOG_LEVEL: 'warn' }
  const launcher = new Launcher(environment, 'stack/start.mjs')
  try {
    const stack = await launcher.ready(240_000)
    const answers: number[] = []
    const arrivals: number[] = []
    for (let round = 0; round < warmUp + rounds; round++) {
      const email = `road.${round}@example.com`
      const asked = performance.now()
      const response = await fetch(`${stack.api}/api/users`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${stack.api_key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ first_name: 'Road', last_name: 'Bench', email }),
      })
      await response.text()
      const answeredAt = Date.now()
      const answerMs = performance.now() - asked
      if (response.status !== 201) throw new Error(`POST /api/users answered ${response.status}`)
      let receivedAt = Number.NaN
      const arrived = await until(async () => {
        const found = (await (
          await fetch(`${stack.mail}/api/v1/search?query=${encodeURIComponent(`to:"${email}"`)}`)
        ).json()) as Caught
        receivedAt = Date.parse(found.messages[0]?.Envelope.ReceivedAt ?? '')
        return !Number.isNaN(receivedAt)
      }, 10_000)
      if (!arrived) throw new Error(`The mail to ${email} did not arrive within 10 s`)
      if (round < warmUp) continue
      answers.push(answerMs)
      arrivals.push(receivedAt - answeredAt)
    }
    say('answer to POST /api/users', answers)
    say('mail in the catcher after the answer', arrivals)
  } finally {
    launcher.signal('SIGTERM')
    await launcher.exitCode
    rmSync(environment.STACK_DIR, { recursive: true, force: true })
  }
}

function say(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1)
  process.stdout.write(
    `${what}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, slowest ${at(1)} ms (${sorted.length} users)\n`,
  )
}
