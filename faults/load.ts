import { randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Priority } from '@/core/message'
import type { Random } from './random'

/** What one request came to; `at` in epoch milliseconds. A status of 0: no answer. */
export type Answer = { at: number; ms: number; status: number; id: string | null; what: string }

type Options = {
  webPort: () => number
  apiKey: string
  /** In every address, so that all mail of this run can be found. */
  tag: string
  /** In every secret. */
  canary: string
  random: Random
  /** Every accepted id, on disk before anything else is done with it. */
  file: string
}

type Mix = {
  /** Shares of the mail, the rest is normal. */
  high?: number
  low?: number
  /** The recipient's local part; `n` counts the requests. */
  local?: (n: number) => string
}

const giveUpMs = 20_000

/** Asks for mail at a steady rate, whatever comes of it, as callers do: they do not slow down because we do. */
export class Load {
  readonly answers: Answer[] = []
  /** Message id → the address that it is for. */
  readonly accepted = new Map<string, string>()
  asked = 0
  #file: FileHandle | null = null
  #written: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: Options) {}

  async run({ mails, perSecond, mix = {} }: { mails: number; perSecond: number; mix?: Mix }): Promise<void> {
    this.#file ??= await open(this.options.file, 'a', 0o600)
    const began = performance.now()
    const pending: Promise<void>[] = []
    for (let n = 0; n < mails; n++) {
      const waitMs = began + (n * 1_000) / perSecond - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      pending.push(this.#one(mix))
    }
    await Promise.all(pending)
    await this.#written
  }

  async close(): Promise<void> {
    await this.#written
    await this.#file?.close()
    this.#file = null
  }

  /** One plain mail to this address. */
  async send(to: string, more: { priority?: Priority; message?: string } = {}): Promise<Answer> {
    this.#file ??= await open(this.options.file, 'a', 0o600)
    return this.#post('/api/messaging/send', to, {
      to,
      subject: `Mail to ${to}`,
      message: more.message ?? 'Good day.',
      ...(more.priority && { priority: more.priority }),
    })
  }

  async #one(mix: Mix): Promise<void> {
    const n = this.asked++
    const { tag, canary, random } = this.options
    const to = `${mix.local?.(n) ?? `m${n}`}@${tag}.example.com`
    const kind = random()
    const rank = random()
    const { high = 0.15, low = 0.2 } = mix
    const priority = rank < high ? 'high' : rank < high + low ? 'low' : 'normal'
    if (kind < 0.02) {
      const user = { first_name: 'Robin', last_name: `Example ${n}`, email: to, password: `Pw1-${canary}-${n}` }
      await this.#post('/api/users', to, user)
      return
    }
    const mail = { to, subject: `Order ${n} of ${tag}`, priority }
    if (kind < 0.08) {
      await this.#post('/api/messaging/send', to, { ...mail, message: `Your code: ${canary}-${n}`, sensitive: true })
    } else if (kind < 0.11) {
      // Not marked: a body that names a password is sealed all the same.
      await this.#post('/api/messaging/send', to, { ...mail, message: `Hello.\nPassword: ${canary}-${n}\nBye.` })
    } else {
      await this.#post('/api/messaging/send', to, { ...mail, message: `Your order ${n} is on its way.` })
    }
  }

  async #post(path: string, to: string, body: object): Promise<Answer> {
    const at = Date.now()
    const began = performance.now()
    const { status, text } = await post(this.options.webPort(), path, this.options.apiKey, JSON.stringify(body))
    const ms = performance.now() - began
    let id: string | null = null
    if (status === 201 || status === 202) {
      const parsed = JSON.parse(text) as { id?: unknown; welcome_message_id?: unknown }
      id = String(path === '/api/users' ? parsed.welcome_message_id : parsed.id)
      this.accepted.set(id, to)
      this.#write(`${id},${to},${at}\n`)
    }
    const answer = { at, ms, status, id, what: status === 0 ? text : '' }
    this.answers.push(answer)
    return answer
  }

  #write(line: string): void {
    const before = this.#written
    const write = async () => {
      await before
      await this.#file?.write(line)
      await this.#file?.datasync()
    }
    this.#written = write()
  }
}

/** A new connection each time, so that an answer never depends on what a former one left behind. */
function post(port: number, path: string, key: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent: false,
        timeout: giveUpMs,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-request-id': randomBytes(8).toString('hex'),
        },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        answer.on('error', (error) => resolve({ status: 0, text: error.message }))
      },
    )
    asking.on('timeout', () => asking.destroy(new Error(`No answer within ${giveUpMs / 1000} s`)))
    asking.on('error', (error) => resolve({ status: 0, text: error.message }))
    asking.end(body)
  })
}

/** The figure below which this share of them lies; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
