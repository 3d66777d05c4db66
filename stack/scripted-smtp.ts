import { createWriteStream, type WriteStream } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket, type SecureContext } from 'node:tls'

/** Where a conversation stands when the script is asked. `body`: its first bytes came. `dot`: the mail is complete. */
const moments = ['connect', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'body', 'dot'] as const
export type Moment = (typeof moments)[number]

export type Act =
  | { kind: 'go_on' }
  /** A reply of the script's own; after a 421 the line is closed. */
  | { kind: 'reply'; code: number; text: string }
  | { kind: 'hang' }
  | { kind: 'reset' }
  /** At the dot: the mail is accepted, but nobody is told before this resolves (never, if it never does). */
  | { kind: 'accept_late'; reply: Promise<void> }
  /** At the dot: the mail is accepted, and the line is reset instead of the reply. */
  | { kind: 'accept_and_reset' }

type Scene = { moment: Moment; to: string; id: string }
export type Script = (scene: Scene) => Act

export const goOn: Act = { kind: 'go_on' }
export type Accepted = { id: string; to: string; at: number }

/**
 * An SMTP server (RFC 5321, with STARTTLS and AUTH PLAIN when asked for) that does at each moment what its script says. It
 * notes a mail as accepted at the instant it decides so, before the reply: that is what "sent twice" is measured by.
 */
export class ScriptedSmtp {
  /** In the order of acceptance; `at` in epoch milliseconds. */
  readonly accepted: Accepted[] = []
  /** When each address was named in RCPT: the tries that came so far. */
  readonly tries = new Map<string, number[]>()
  script: Script = () => goOn
  /** Before each reply. */
  latencyMs = 0
  credentials: { user: string; password: string } | null = null
  /** With a certificate STARTTLS is offered. */
  certificate: SecureContext | null = null
  /** With the certificate from the first byte on, as on port 465. */
  encryptsAtOnce = false
  /** Lines that were opened, refused ones not counted. */
  connects = 0
  #server: Server | null = null
  readonly #sockets = new Set<Socket>()
  readonly #log: WriteStream

  constructor(
    readonly port: number,
    logFile: string,
  ) {
    this.#log = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
  }

  async listen(): Promise<void> {
    if (this.#server) return
    const server = createServer({ noDelay: true }, (socket) => {
      this.connects++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined) // killed workers reset their lines
      const secureContext = this.encryptsAtOnce ? this.certificate : null
      void new Conversation(this, secureContext ? encrypted(socket, secureContext) : socket).begin()
    })
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
  }

  /** As if the server had died: every line is reset, new ones are refused. */
  async die(): Promise<void> {
    const server = this.#server
    this.#server = null
    const closed = server && new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  async close(): Promise<void> {
    await this.die()
    await new Promise((resolve) => this.#log.end(resolve))
  }

  /** Back to a server that takes everything. */
  behave(): void {
    this.script = () => goOn
    this.latencyMs = 0
  }

  accept(id: string, to: string): void {
    const at = Date.now()
    this.accepted.push({ id, to, at })
    this.#log.write(`${id},${at}\n`)
  }

  noteTry(to: string): void {
    const tries = this.tries.get(to)
    if (tries) tries.push(Date.now())
    else this.tries.set(to, [Date.now()])
  }
}

class Conversation {
  #socket: Socket
  #received = Buffer.alloc(0)
  #inBody = false
  #bodyBegan = false
  #to = ''
  #work = Promise.resolve()

  constructor(
    private readonly server: ScriptedSmtp,
    socket: Socket,
  ) {
    this.#socket = socket
  }

  async begin(): Promise<void> {
    this.#listen()
    await this.#say('connect', () => '220 scripted.example ESMTP')
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#work = this.#work.then(() => this.#read())
    })
  }

  /** Handles every complete line or body that has come. */
  async #read(): Promise<void> {
    while (!this.#socket.destroyed) {
      if (this.#inBody) {
        if (!this.#bodyBegan && this.#received.length > 0) {
          this.#bodyBegan = true
          if (!(await this.#play('body', ''))) return
        }
        const end = endOfBody(this.#received)
        if (!end) return
        const content = this.#received.subarray(0, end.from).toString('latin1')
        this.#received = this.#received.subarray(end.to)
        this.#inBody = false
        await this.#finish(content)
        continue
      }
      const end = this.#received.indexOf('\r\n')
      if (end < 0) return
      const line = this.#received.subarray(0, end).toString('latin1')
      this.#received = this.#received.subarray(end + 2)
      await this.#command(line)
    }
  }

  async #command(line: string): Promise<void> {
    const [verb = ''] = line.toUpperCase().split(/[ :]/)
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#say('ehlo', () => this.#greeting())
      case 'STARTTLS':
        return this.#startTls()
      case 'AUTH':
        return this.#say('auth', () => this.#judge(line))
      case 'MAIL':
        return this.#say('mail', () => '250 2.1.0 sender ok')
      case 'RCPT':
        this.#to = /<([^>]*)>/.exec(line)?.[1] ?? ''
        this.server.noteTry(this.#to)
        return this.#say('rcpt', () => '250 2.1.5 recipient ok')
      case 'DATA':
        return this.#say('data', () => {
          this.#inBody = true
          this.#bodyBegan = false
          return '354 go ahead'
        })
      case 'RSET':
      case 'NOOP':
        return this.#write('250 2.0.0 ok')
      case 'QUIT':
        this.#socket.end('221 2.0.0 bye\r\n')
        return
      default:
        return this.#write('502 5.5.1 not known here')
    }
  }

  #greeting(): string {
    const offers = [
      'scripted.example',
      ...(this.server.certificate && !(this.#socket instanceof TLSSocket) ? ['STARTTLS'] : []),
      ...(this.server.credentials ? ['AUTH PLAIN'] : []),
      'SIZE 26214400',
      '8BITMIME',
      'ENHANCEDSTATUSCODES',
    ]
    return offers.map((offer, at) => `250${at === offers.length - 1 ? ' ' : '-'}${offer}`).join('\r\n')
  }

  #judge(line: string): string {
    const [, user, password] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
      .toString()
      .split('\0')
    const expected = this.server.credentials
    return !expected || (user === expected.user && password === expected.password)
      ? '235 2.7.0 signed in'
      : '535 5.7.8 wrong credentials'
  }

  async #startTls(): Promise<void> {
    const context = this.server.certificate
    if (!context) return this.#write('502 5.5.1 not known here')
    await this.#say('starttls', () => '220 2.0.0 begin')
    if (this.#socket.destroyed) return
    this.#socket.removeAllListeners('data')
    this.#socket = encrypted(this.#socket, context)
    this.#received = Buffer.alloc(0)
    this.#listen()
  }

  async #finish(content: string): Promise<void> {
    const id = /^Message-ID:\s*<([^@>]*)@/im.exec(content.slice(0, content.indexOf('\r\n\r\n')))?.[1] ?? 'none'
    const act = this.server.script({ moment: 'dot', to: this.#to, id })
    switch (act.kind) {
      case 'go_on':
        this.server.accept(id, this.#to)
        return this.#write(`250 2.0.0 accepted as ${id}`)
      case 'accept_late':
        this.server.accept(id, this.#to)
        await act.reply
        return this.#write(`250 2.0.0 accepted as ${id}`)
      case 'accept_and_reset':
        this.server.accept(id, this.#to)
        this.#socket.resetAndDestroy()
        return
      default:
        await this.#act(act)
    }
  }

  /** The script's act at this moment, or the ordinary reply. */
  async #say(moment: Moment, reply: () => string): Promise<void> {
    if (await this.#play(moment, '')) await this.#write(reply())
  }

  /** @returns whether the conversation simply goes on */
  async #play(moment: Moment, id: string): Promise<boolean> {
    const act = this.server.script({ moment, to: this.#to, id })
    if (act.kind === 'go_on') return true
    await this.#act(act)
    return false
  }

  async #act(act: Exclude<Act, { kind: 'go_on' }>): Promise<void> {
    switch (act.kind) {
      case 'reply':
        await this.#write(`${act.code} ${act.text}`)
        if (act.code === 421) this.#socket.end()
        return
      case 'hang':
        await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
        return
      case 'reset':
        this.#socket.resetAndDestroy()
        return
      case 'accept_late':
      case 'accept_and_reset':
        throw new Error('Only a complete mail can be accepted')
      default:
        act satisfies never
    }
  }

  async #write(reply: string): Promise<void> {
    if (this.server.latencyMs > 0) await sleep(this.server.latencyMs)
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(`${reply}\r\n`)
  }
}

function encrypted(socket: Socket, secureContext: SecureContext): TLSSocket {
  const secured = new TLSSocket(socket, { isServer: true, secureContext })
  secured.on('error', () => undefined) // a client that does not trust the certificate hangs up
  return secured
}

/** The final dot: after a line break, or at once in an empty mail. */
function endOfBody(received: Buffer): { from: number; to: number } | null {
  if (received.subarray(0, 3).equals(Buffer.from('.\r\n'))) return { from: 0, to: 3 }
  const at = received.indexOf('\r\n.\r\n')
  return at < 0 ? null : { from: at, to: at + 5 }
}
