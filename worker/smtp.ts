import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SendResult } from '@/core/delivery'
import type { Command, Failure } from '@/core/smtp-failure'
import { storable } from '@/core/storable'
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
export type MayBegin = () => 'hold_too_short' | null
type NotBegun = 'stopping' | 'paused' | 'hold_too_short'

const connectTimeoutMs = 10_000
const signInTimeoutMs = 30_000
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
  refusal: NotBegun | null = null

  constructor(
    private readonly content: string,
    private readonly mayBegin: () => NotBegun | null,
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

type SmtpError = Error & {
  code?: string
  originalCode?: string
  command?: string
  responseCode?: number
  response?: string
}

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
  /** Not signed in yet. */
  readonly #connecting = new Set<Line>()
  readonly #waiting: ((line: Line | null) => void)[] = []
  #opening = 0
  /** Why nothing new may begin. */
  #halted: 'stopping' | 'paused' | null = null
  /**
   * A server that takes fewer connections than we are set to open says so at its door. Each line that ends in good order allows
   * one more again: the server may have been full for a moment only.
   */
  #limit: number

  constructor(
    private readonly options: SmtpOptions,
    private readonly log: Logger,
    private readonly onOpened: () => void,
  ) {
    this.#limit = options.connections
  }

  get host(): string {
    return this.options.host
  }

  async send(mail: Mail, mayBegin: MayBegin): Promise<SendResult> {
    for (let fresh = false; ; fresh = true) {
      const line = await this.#acquire(fresh)
      if (line === null) return { kind: 'not_begun', why: this.#halted ?? 'stopping' }
      if ('result' in line) return line.result
      const reused = line.mails > 0
      const { result, aboutThisMail } = await this.#converse(line, mail, mayBegin)
      // A kept connection that the server had closed meanwhile says nothing about this mail: once more on a new one.
      if (result.kind === 'failed' && result.failure.stage !== 'dot' && reused && !aboutThisMail && !fresh) continue
      return result
    }
  }

  /** Connects and signs in anew, and says goodbye: whether the server would take mail. */
  async probe(): Promise<SendResult> {
    const opened = await this.#connect()
    if ('result' in opened) return opened.result
    opened.line.connection.quit()
    return { kind: 'accepted', reply: 'It answers, and takes our sign-in' }
  }

  /** Nothing new begins, and what has not begun is given back, until `resume`. */
  pause(): void {
    this.#halt('paused')
  }

  resume(): void {
    if (this.#halted === 'paused') this.#halted = null
    this.#limit = this.options.connections
  }

  /** Nothing new begins; what has begun may finish until `graceMs` have passed. */
  async stop(graceMs: number): Promise<void> {
    this.#halt('stopping')
    const end = performance.now() + graceMs
    while (this.#all.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
    for (const line of this.#all) {
      line.fail?.(new Error('Stopped while waiting for the reply'))
      line.connection.close()
    }
  }

  #halt(why: 'stopping' | 'paused'): void {
    if (this.#halted !== 'stopping') this.#halted = why
    for (const wake of this.#waiting.splice(0)) wake(null)
    for (const line of this.#idle.splice(0)) this.#retire(line)
    for (const line of this.#all) if (!line.body?.begun) line.fail?.(new Error(`Not begun: ${why}`))
    // A server that does not answer must not keep us longer than we are given to stop: what is held would look lost.
    if (why === 'stopping') for (const line of this.#connecting) line.fail?.(new Error(`Not begun: ${why}`))
  }

  async #acquire(fresh: boolean): Promise<Line | { result: SendResult } | null> {
    for (;;) {
      if (this.#halted) return null
      const idle = fresh ? undefined : this.#idle.pop()
      if (idle) {
        if (idle.idleTimer) clearTimeout(idle.idleTimer)
        return idle
      }
      if (this.#all.size + this.#opening >= this.#limit) {
        const line = await new Promise<Line | null>((resolve) => this.#waiting.push(resolve))
        // An empty hand-over means a place is free for a new connection.
        if (line) return line
        continue
      }
      this.#opening++
      const opened = await this.#open().finally(() => this.#opening--)
      if (!('result' in opened)) return opened
      if (!this.#hasTooMany(opened.result)) {
        // Only now: whoever is woken while this place is still counted would wait on, and nobody would come.
        this.#handOver()
        return opened
      }
      // It serves the connections that are there, or are being opened: this mail waits for one of them.
      this.#limit = this.#all.size + this.#opening
      this.log.info({ connections: this.#limit }, 'The mail server takes no more connections than these')
    }
  }

  /** Turned away at the door while others of ours are inside, or about to be: where those fail as well, the last one tells. */
  #hasTooMany(result: SendResult): boolean {
    if (result.kind !== 'failed' || this.#all.size + this.#opening === 0) return false
    const { command, code } = result.failure
    return command === 'greeting' && code !== null && code >= 400 && code < 500
  }

  async #open(): Promise<Line | { result: SendResult }> {
    const opened = await this.#connect()
    if ('result' in opened) return opened
    // Halted while it was being opened.
    if (this.#halted) {
      opened.line.connection.quit()
      return { result: { kind: 'not_begun', why: this.#halted } }
    }
    this.#all.add(opened.line)
    return opened.line
  }

  async #connect(): Promise<{ line: Line } | { result: SendResult }> {
    const { host, port, secure, requireTls, credentials, replyTimeoutMs } = this.options
    const connection = new SMTPConnection({
      host,
      port,
      secure,
      requireTLS: requireTls,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      socketTimeout: replyTimeoutMs + 10_000,
      // Checked whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true },
    })
    const line: Line = { connection, mails: 0, idleTimer: null, body: null, fail: null }
    let timer: NodeJS.Timeout | undefined
    this.#connecting.add(line)
    try {
      await new Promise<void>((resolve, reject) => {
        line.fail = reject
        // A server may stop after its greeting too: EHLO, STARTTLS and the sign-in have this time together.
        timer = setTimeout(
          () => reject(new Error(`No reply before the sign-in within ${signInTimeoutMs / 1000} s`)),
          signInTimeoutMs,
        )
        connection.on('error', (error: Error) => line.fail?.(error))
        connection.on('end', () => {
          line.fail?.(new Error('The connection was closed'))
          this.#forget(line)
        })
        connection.connect((error) => {
          if (error) return reject(error)
          if (!credentials) return resolve()
          connection.login({ user: credentials.user, pass: credentials.pass }, (fault) =>
            fault ? reject(fault) : resolve(),
          )
        })
      })
      line.fail = null
      this.onOpened()
      return { line }
    } catch (error) {
      connection.close()
      return {
        result:
          this.#halted === 'stopping'
            ? { kind: 'not_begun', why: 'stopping' }
            : { kind: 'failed', failure: failureOf(error as SmtpError, 'connect') },
      }
    } finally {
      clearTimeout(timer)
      this.#connecting.delete(line)
    }
  }

  async #converse(line: Line, mail: Mail, mayBegin: MayBegin): Promise<{ result: SendResult; aboutThisMail: boolean }> {
    const body = new Body(mail.content, () => this.#halted ?? mayBegin())
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
      return { result: { kind: 'accepted', reply: storable(reply) }, aboutThisMail: true }
    } catch (caught) {
      const error = caught as SmtpError
      const result = resultOf(error, body, this.#halted)
      if (error.responseCode && error.responseCode !== 421 && error.command !== 'CONN') await this.#reset(line)
      else this.#close(line)
      // A 421 that answers none of our commands was said to a connection that lay idle.
      return { result, aboutThisMail: error.responseCode !== undefined && error.command !== 'CONN' }
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
    if (this.#halted || line.mails >= mailsPerConnection) {
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
    this.#limit = Math.min(this.#limit + 1, this.options.connections)
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

function resultOf(error: SmtpError, body: Body, halted: 'stopping' | 'paused' | null): SendResult {
  if (body.refusal) return { kind: 'not_begun', why: body.refusal }
  if (body.dotSent) return { kind: 'failed', failure: failureOf(error, 'dot') }
  if (halted && !error.responseCode) return { kind: 'not_begun', why: halted }
  return { kind: 'failed', failure: failureOf(error, body.begun ? 'body' : 'envelope') }
}

/** nodemailer's names for where it was: `CONN` is the greeting only while we connect. */
const commands: Record<string, Command> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  LHLO: 'ehlo',
  STARTTLS: 'starttls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt',
}

function failureOf(error: SmtpError, stage: Failure['stage']): Failure {
  const { command = '', responseCode, code } = error
  return {
    stage,
    command: responseCode ? commandOf(command, stage) : (commands[command] ?? null),
    code: responseCode ?? null,
    reply: storable(responseCode ? (error.response ?? error.message) : error.message),
    errorCode: (code === 'EDNS' ? error.originalCode : undefined) ?? code ?? null,
  }
}

function commandOf(command: string, stage: Failure['stage']): Command | null {
  if (command.startsWith('AUTH')) return 'auth'
  if (command === 'DATA') return stage === 'dot' ? 'dot' : 'data'
  if (command === 'CONN') return stage === 'connect' ? 'greeting' : null
  return commands[command] ?? null
}
