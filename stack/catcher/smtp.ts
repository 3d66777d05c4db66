import type { Socket } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Logger } from '@/runtime/log'
import { behaviourFor, type Behaviour, type Refusal } from './misbehave'
import type { MailStore } from './store'

const MAX_MAIL_BYTES = 25 * 1024 * 1024
/** Senders keep their connections for the next mail; they decide when to hang up. */
const IDLE_MS = 60 * 60 * 1000
const CLOSE_GRACE_MS = 100

/**
 * smtp-server waits 100 ms before its greeting, to catch clients that talk too soon; here that would only delay every first
 * mail. It also hides the sockets, and the catcher has to cut one now and then.
 */
class PromptSmtpServer extends SMTPServer {
  readonly sockets = new Map<string, Socket>()

  override connect(socket: Socket, options?: Parameters<SMTPServer['connect']>[1]): void {
    super.connect(socket, options)
    const connection = [...this.connections].at(-1)
    if (!connection) return
    this.sockets.set(connection.id, socket)
    socket.once('close', () => this.sockets.delete(connection.id))
    // The replies to what was pipelined in one packet leave in one packet too.
    socket.prependListener('data', () => {
      socket.cork()
      process.nextTick(() => socket.uncork())
    })
    const greet = connection.connectionReady.bind(connection)
    connection.connectionReady = () => undefined
    greet()
  }
}

export interface SmtpCounts {
  accepted: number
  acceptedBytes: number
  refused: number
}

export interface CatcherSmtp {
  server: SMTPServer
  counts: SmtpCounts
  close(): Promise<void>
}

/** Takes mail from anyone, with or without a login, and misbehaves for the addresses that ask for it. */
export function createSmtp(store: MailStore, log: Logger): CatcherSmtp {
  const counts: SmtpCounts = { accepted: 0, acceptedBytes: 0, refused: 0 }
  /** Refused tries since the last accepted one, by address. Only addresses that ask for it get in. */
  const refusedTries = new Map<string, number>()
  const late = new Set<NodeJS.Timeout>()

  const server = new PromptSmtpServer({
    name: 'catcher.localhost',
    banner: 'mail catcher',
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    noDelay: true,
    logger: false,
    size: MAX_MAIL_BYTES,
    rejectOversized: true,
    socketTimeout: IDLE_MS,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anyone' }),
    onRcptTo: ({ address }, _session, callback) => {
      const key = address.toLowerCase()
      const behaviour = behaviourFor(address, refusedTries.get(key) ?? 0)
      if (behaviour.kind !== 'refuse-recipient') {
        refusedTries.delete(key)
        return callback()
      }
      if (key.startsWith('451-twice')) refusedTries.set(key, (refusedTries.get(key) ?? 0) + 1)
      refuse(behaviour.refusal, callback)
    },
    onData: (stream, session, callback) => {
      collect(stream, (raw) => {
        if (!raw) return callback() // too big: answered 552 by rejectOversized
        const behaviour = afterFinalDot(session)
        switch (behaviour.kind) {
          case 'accept':
          case 'refuse-recipient':
            keep(session, raw)
            return callback()
          case 'refuse-mail':
            return refuse(behaviour.refusal, callback)
          case 'accept-late': {
            const timer = setTimeout(() => {
              late.delete(timer)
              // A sender that gave up meanwhile was never told that its mail is here, so it is not.
              if (!server.sockets.has(session.id)) return
              keep(session, raw)
              callback()
            }, behaviour.afterMs)
            late.add(timer)
            return
          }
          case 'hang':
            return
          case 'drop-after-dot':
            keep(session, raw)
            server.sockets.get(session.id)?.destroy()
            return
          default:
            behaviour satisfies never
        }
      })
    },
  })
  // Also every connection that a sender cut: nothing of ours is wrong then.
  server.on('error', (error: Error) => log.debug({ err: error }, 'SMTP connection failed'))

  function keep(session: SMTPServerSession, raw: Buffer): void {
    const { mailFrom, rcptTo } = session.envelope
    const envelope = {
      from: mailFrom ? mailFrom.address : '',
      to: rcptTo.map(({ address }) => address),
      session: session.id,
      username: typeof session.user === 'string' ? session.user : '',
    }
    store.add(envelope, raw)
    counts.accepted++
    counts.acceptedBytes += raw.length
  }

  function refuse({ code, text }: Refusal, callback: (error: Error) => void): void {
    counts.refused++
    callback(Object.assign(new Error(text), { responseCode: code }))
  }

  async function close(): Promise<void> {
    for (const timer of late) clearTimeout(timer)
    const closed = new Promise<void>((resolve) => {
      server.server.close(() => resolve())
    })
    for (const connection of server.connections) connection.send(421, '4.3.2 catcher is stopping')
    const cut = setTimeout(() => server.sockets.forEach((socket) => socket.destroy()), CLOSE_GRACE_MS)
    await closed
    clearTimeout(cut)
  }

  return { server, counts, close }
}

/** One mail to several addresses does what the first misbehaving one asks for. */
function afterFinalDot(session: SMTPServerSession): Behaviour {
  for (const { address } of session.envelope.rcptTo) {
    const behaviour = behaviourFor(address, Number.POSITIVE_INFINITY)
    if (behaviour.kind !== 'accept') return behaviour
  }
  return { kind: 'accept' }
}

function collect(stream: SMTPServerDataStream, done: (raw: Buffer | undefined) => void): void {
  let chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => {
    if (stream.sizeExceeded) chunks = []
    else chunks.push(chunk)
  })
  // Copied: the chunks are views into larger buffers of the socket, which they would keep alive.
  stream.on('end', () => done(stream.sizeExceeded ? undefined : Buffer.concat(chunks)))
}
