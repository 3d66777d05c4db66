import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SendResult } from '@/core/delivery'
import type { Logger } from '@/runtime/log'

export type SmtpOptions = {
  host: string
  port: number
  secure: boolean
  requireTls: boolean
  credentials: { user: string; pass: string } | null
  connections: number
  replyTimeoutMs: number
}

export type Mail = { from: string; to: string; content: string }

/** Asked at the last moment before the body goes out: null to go on, or why not. */
export type MayBegin = () => 'stopping' | 'hold_too_short' | null

const connectTimeoutMs = 10_000
const envelopeTimeoutMs = 30_000
const idleCloseMs = 20_000
const mailsPerConnection = 100

/**
 * The body as a stream that is first read after the server's 354, and that ends just before the final dot. nodemailer's
 * errors do not tell whether the dot had left (RELIABILITY 0.6); this does. Destroyed in `read`, it sends no dot.
 */
class Body extends Readable {
  begun = false
  dotSent = false
  refusal: ReturnType<MayBegin> = null

  constructor(
    private readonly content: string,
    private readonly mayBegin: MayBegin,
  ) {
    super()
    this.once('end', () => {
      this.dotSent = true
    })
  }

  override _read(): void {
    if (this.begun) return
    this.refusal = this.mayBegin()
    if (this.refusal) {
      this.destroy(new Error(`Not begun: ${this.refusal}`))
      return
    }
    this.begun = true
    this.push(this.content)
    this.push(null)
  }
}

type SmtpError = Error & { code?: string; command?: string; responseCode?: number; response?: string }

type Line = {
  connection: SMTPConnection
  mails: number
  idleTimer: NodeJS.Timeout | null
  body: Body | null
  fail: ((error: Error) => void) | null
}

/**
 * A small pool over nodemailer's own SMTP client. Its pool costs four times as much and hides what happened to the dot
 * (docs/decisions). Never throws: every end of a conversation is a `SendResult`.
 */
export class SmtpPool {
  readonly #idle: Line[] = []
  readonly #all = new Set<Line>()
  readonly #waiting: ((line: Line | null) => void)[] = []
  #opening = 0
  #stopping = false

  constructor(
    private readonly options: SmtpOptions,
    private readonly log: Logger,
    private readonly onOpened: () => void,
  ) {}

  async send(mail: Mail, mayBegin: MayBegin): Promise<SendResult> {
    for (let fresh = false; ; fresh = true) {
      const line = await this.#acquire(fresh)
      if (line === null) return { kind: 'not_begun', why: 'stopping' }
      if ('result' in line) return line.result
      const reused = line.mails > 0
      const { result, sawReply } = await this.#converse(line, mail, mayBegin)
      // A kept connection that the server had closed meanwhile says nothing about this mail: once more on a new one.
      if (result.kind === 'broken' && reused && !sawReply && !fresh) continue
      return result
    }
  }

  /** Nothing new begins; what has begun may finish until `graceMs` have passed. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    for (const wake of this.#waiting.splice(0)) wake(null)
    for (const line of this.#idle.splice(0)) this.#retire(line)
    for (const line of this.#all) if (!line.body?.begun) line.fail?.(new Error('Stopping'))
    const end = performance.now() + graceMs
    while (this.#all.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
    for (const line of this.#all) {
      line.fail?.(new Error('Stopped while waiting for the reply'))
      line.connection.close()
    }
  }

  async #acquire(fresh: boolean): Promise<Line | { result: SendResult } | null> {
    if (this.#stopping) return null
    const idle = fresh ? undefined : this.#idle.pop()
    if (idle) {
      if (idle.idleTimer) clearTimeout(idle.idleTimer)
      return idle
    }
    while (this.#all.size + this.#opening >= this.options.connections) {
      const line = await new Promise<Line | null>((resolve) => this.#waiting.push(resolve))
      // An empty hand-over means a place is free for a new connection.
      if (line || this.#stopping) return line
    }
    this.#opening++
    try {
      return await this.#open()
    } finally {
      this.#opening--
    }
  }

  async #open(): Promise<Line | { result: SendResult }> {
    const { host, port, secure, requireTls, credentials, replyTimeoutMs } = this.options
    const connection = new SMTPConnection({
      host,
      port,
      secure,
      requireTLS: requireTls,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      socketTimeout: replyTimeoutMs + 10_000,
      tls: { minVersion: 'TLSv1.2' },
    })
    const line: Line = { connection, mails: 0, idleTimer: null, body: null, fail: null }
    try {
      await new Promise<void>((resolve, reject) => {
        line.fail = reject
        connection.on('error', (error: Error) => line.fail?.(error))
        connection.on('end', () => {
          line.fail?.(new Error('The connection was closed'))
          this.#forget(line)
        })
        connection.connect((error) => (error ? reject(error) : resolve()))
      })
      if (credentials) {
        await new Promise<void>((resolve, reject) => {
          line.fail = reject
          connection.login({ user: credentials.user, pass: credentials.pass }, (error) =>
            error ? reject(error) : resolve(),
          )
        })
      }
      line.fail = null
      this.onOpened()
      this.#all.add(line)
      return line
    } catch (error) {
      connection.close()
      this.#handOver()
      return {
        result: this.#stopping ? { kind: 'not_begun', why: 'stopping' } : failure(error as SmtpError, 'connect'),
      }
    }
  }

  async #converse(line: Line, mail: Mail, mayBegin: MayBegin): Promise<{ result: SendResult; sawReply: boolean }> {
    const body = new Body(mail.content, () => (this.#stopping ? 'stopping' : mayBegin()))
    line.body = body
    line.mails++
    let timer: NodeJS.Timeout | undefined
    let watch: NodeJS.Timeout | undefined
    try {
      const reply = await new Promise<string>((resolve, reject) => {
        line.fail = reject
        const limit = (ms: number, what: string) =>
          setTimeout(() => reject(new Error(`No reply to ${what} within ${ms / 1000} s`)), ms)
        timer = limit(envelopeTimeoutMs, 'the envelope')
        body.once('end', () => {
          clearTimeout(timer)
          watch = limit(this.options.replyTimeoutMs, 'the final dot')
        })
        line.connection.send({ from: mail.from, to: [mail.to] }, body, (error, info) =>
          error ? reject(error) : resolve(info?.response ?? ''),
        )
      })
      this.#release(line)
      return { result: { kind: 'accepted', reply }, sawReply: true }
    } catch (caught) {
      const error = caught as SmtpError
      const sawReply = error.responseCode !== undefined
      const result = outcomeOf(error, body, this.#stopping)
      if (result.kind === 'refused' && error.responseCode !== 421) await this.#reset(line)
      else this.#close(line)
      return { result, sawReply }
    } finally {
      clearTimeout(timer)
      clearTimeout(watch)
    }
  }

  /** After a refusal the session is still good, once it is reset. */
  async #reset(line: Line): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        line.fail = reject
        timer = setTimeout(() => reject(new Error('No reply to RSET')), 5_000)
        line.connection.reset((error) => (error ? reject(error) : resolve()))
      })
      this.#release(line)
    } catch (error) {
      this.log.debug({ err: error }, 'A connection could not be reset and is closed')
      this.#close(line)
    } finally {
      clearTimeout(timer)
    }
  }

  #release(line: Line): void {
    line.body = null
    line.fail = null
    if (this.#stopping || line.mails >= mailsPerConnection) {
      this.#retire(line)
      return
    }
    const next = this.#waiting.shift()
    if (next) {
      next(line)
      return
    }
    line.idleTimer = setTimeout(() => this.#retire(line), idleCloseMs)
    line.idleTimer.unref()
    this.#idle.push(line)
  }

  #retire(line: Line): void {
    line.connection.quit()
    this.#forget(line)
  }

  #close(line: Line): void {
    line.fail = null
    line.connection.close()
    this.#forget(line)
  }

  #forget(line: Line): void {
    if (!this.#all.delete(line)) return
    if (line.idleTimer) clearTimeout(line.idleTimer)
    const at = this.#idle.indexOf(line)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#handOver()
  }

  #handOver(): void {
    this.#waiting.shift()?.(null)
  }
}

function outcomeOf(error: SmtpError, body: Body, stopping: boolean): SendResult {
  if (body.refusal) return { kind: 'not_begun', why: body.refusal }
  if (body.dotSent) return error.responseCode ? failure(error, 'dot') : { kind: 'unknown', error: error.message }
  if (stopping && !error.responseCode) return { kind: 'not_begun', why: 'stopping' }
  return failure(error, body.begun ? 'body' : 'envelope')
}

function failure(error: SmtpError, stage: 'connect' | 'envelope' | 'body' | 'dot'): SendResult {
  if (error.responseCode)
    return { kind: 'refused', stage, code: error.responseCode, reply: error.response ?? error.message }
  return { kind: 'broken', stage: stage === 'dot' ? 'body' : stage, error: error.message }
}
