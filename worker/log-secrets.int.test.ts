import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '@/stack/ports'
import { repositoryRoot } from '@/stack/processes'
import { goOn, ScriptedSmtp } from '@/stack/scripted-smtp'
import { openPipeline } from '@/stack/testing/pipeline'

const patient = { timeout: 60_000, interval: 100 }

test(
  'a worker writes no password and no sealed body into its log, however much it is asked to write',
  { timeout: 240_000 },
  async () => {
    const password = 'canary-smtp-password-5'
    const server = new ScriptedSmtp(await freePort(), join(tmpdir(), `log-${randomUUID()}.csv`))
    server.credentials = { user: 'desk', password: 'another' }
    await server.listen()
    const road = await openPipeline({
      SMTP_PORT: String(server.port),
      SMTP_USERNAME: 'desk',
      SMTP_PASSWORD: password,
      BREAKER_PROBE_MS: '200',
    })
    road.onClose(() => server.close())
    let log = ''
    const worker = spawn(process.execPath, ['--import', 'tsx', join(repositoryRoot, 'worker/main.ts')], {
      cwd: repositoryRoot,
      env: { ...process.env, ...road.environment, LOG_LEVEL: 'debug' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()))
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    road.onClose(async () => {
      worker.kill('SIGKILL')
      await ended
    })
    try {
      const queue = async (to: string) => {
        const { id, record } = await road.accept({ to, secretBody: 'canary-sealed-body-4' })
        await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
        return id
      }
      const id = await queue('reader@example.com')
      // Refused at first: what went wrong is told, and what was tried is not.
      await expect.poll(() => log, patient).toMatch(/535|wrong credentials/)
      server.credentials = { user: 'desk', password }
      server.script = ({ moment, to }) =>
        moment === 'rcpt' && to === 'refused@example.com' ? { kind: 'reply', code: 550, text: '5.1.1 no' } : goOn
      await queue('refused@example.com')
      await expect.poll(() => server.accepted.map((one) => one.id), patient).toContain(id)
      await expect.poll(() => log, patient).toMatch(/Email not sent: .*refused@example\.com/)
      await expect.poll(() => log, patient).toContain(`Email sent successfully: ID=${id}`)

      const canaries = {
        password,
        asSent: Buffer.from(`\0desk\0${password}`).toString('base64'),
        body: 'canary-sealed-body-4',
        database: new URL(road.config.DATABASE_URL).password,
        sealing: (road.environment['SECRETS_KEYS'] ?? '').slice(3),
        signing: (road.environment['SIGNING_KEYS'] ?? '').slice(3),
      }
      const found = Object.entries(canaries).filter(([, value]) => value.length < 8 || log.includes(value))
      expect(found.map(([name]) => name)).toEqual([])
    } finally {
      await road.close()
    }
  },
)
