import { EventEmitter, once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type Side = 'client' | 'server'

export type TcpFault =
  /** Everything gets through again, also what was held back meanwhile. */
  | { kind: 'pass' }
  /** Every byte takes so much longer, each way. */
  | { kind: 'delay'; ms: number }
  /** Each way of each connection carries no more than this. */
  | { kind: 'throttle'; bytesPerSecond: number }
  /** Nothing gets through and nothing is closed: a cable was pulled. New connections are accepted, and as silent. */
  | { kind: 'blackhole' }
  /** The connections that are open now stay silent for good; new ones pass: a firewall has forgotten them. */
  | { kind: 'half_open' }
  /** The connections that are open now are torn down; new ones pass. */
  | { kind: 'reset' }
  /** As with `reset`, and nobody listens any more. */
  | { kind: 'refuse' }
  /** A connection is torn down once so many more bytes have come from this side; they still reach the other one. */
  | { kind: 'cut_after'; bytes: number; from: Side }

type Connection = {
  ends: Record<Side, Socket>
  /** Silent for good, whatever the proxy is set to later. */
  forgotten: boolean
  /** Bytes that have come from either side since the fault was set. */
  passed: Record<Side, number>
}

/** A TCP proxy on this machine that does to connections what networks do: faults on demand, in tests. */
export class TcpProxy {
  readonly #connections = new Set<Connection>()
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #fault: TcpFault = { kind: 'pass' }
  #server: Server | null = null

  private constructor(
    readonly port: number,
    private readonly target: { host: string; port: number },
  ) {}

  static async start(input: { port: number; target: { host: string; port: number } }): Promise<TcpProxy> {
    const proxy = new TcpProxy(input.port, input.target)
    await proxy.#listen()
    return proxy
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Replaces the fault that was set before. */
  async set(fault: TcpFault): Promise<void> {
    this.#fault = fault
    for (const connection of this.#connections) {
      connection.passed = { client: 0, server: 0 }
      if (fault.kind === 'half_open') connection.forgotten = true
      if (fault.kind === 'reset' || fault.kind === 'refuse') tearDown(connection)
    }
    this.#changes.emit('change')
    await (fault.kind === 'refuse' ? this.#unlisten() : this.#listen())
  }

  async close(): Promise<void> {
    await this.set({ kind: 'refuse' })
  }

  async #listen(): Promise<void> {
    if (this.#server) return
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#join(client))
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async #unlisten(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  #join(client: Socket): void {
    const server = connect({ ...this.target, allowHalfOpen: true, noDelay: true })
    const connection: Connection = {
      ends: { client, server },
      forgotten: false,
      passed: { client: 0, server: 0 },
    }
    this.#connections.add(connection)
    for (const end of [client, server]) {
      end.on('error', () => undefined) // 'close' says that there was one
      end.on('close', (isBroken) => {
        if (isBroken) void this.#untilHeard(connection).then(() => tearDown(connection))
        if (client.closed && server.closed) this.#connections.delete(connection)
      })
    }
    this.#carry(connection, 'client')
    this.#carry(connection, 'server')
  }

  #carry(connection: Connection, from: Side): void {
    const source = connection.ends[from]
    let last = Promise.resolve()
    source.on('data', (chunk: Buffer) => {
      const delayMs = this.#fault.kind === 'delay' ? this.#fault.ms : 0
      // Read on while bytes are under way, or a delay would be a throttle as well.
      if (delayMs === 0) source.pause()
      const readyAt = performance.now() + delayMs
      last = last.then(() => this.#pass(connection, from, chunk, readyAt)).then(() => void source.resume())
    })
    source.on('end', () => void last.then(() => this.#untilHeard(connection)).then(() => other(connection, from).end()))
  }

  async #pass(connection: Connection, from: Side, chunk: Buffer, readyAt: number): Promise<void> {
    const sink = other(connection, from)
    const waitMs = readyAt - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    for (let rest = chunk; rest.length > 0 && !sink.destroyed;) {
      await this.#untilHeard(connection)
      const fault = this.#fault
      let size = rest.length
      if (fault.kind === 'throttle') {
        size = Math.min(size, Math.max(1, Math.round(fault.bytesPerSecond / 20)))
        await sleep((1_000 * size) / fault.bytesPerSecond)
        if (this.#fault !== fault) continue
      }
      const isCut = fault.kind === 'cut_after' && fault.from === from
      if (isCut) size = Math.max(0, Math.min(size, fault.bytes - connection.passed[from]))
      connection.passed[from] += size
      const piece = rest.subarray(0, size)
      await new Promise((resolve) => sink.write(piece, resolve))
      rest = rest.subarray(size)
      if (isCut && connection.passed[from] >= fault.bytes) tearDown(connection)
    }
  }

  async #untilHeard(connection: Connection): Promise<void> {
    while (this.#fault.kind === 'blackhole' || connection.forgotten) await once(this.#changes, 'change')
  }
}

const other = ({ ends }: Connection, from: Side) => ends[from === 'client' ? 'server' : 'client']

/** With RST, not FIN: what a crash or a middlebox does. */
function tearDown(connection: Connection): void {
  connection.forgotten = false
  for (const end of [connection.ends.client, connection.ends.server]) {
    // `resetAndDestroy` would say a polite FIN first, and a client that reads that sees no fault.
    if (!end.connecting) Object.assign(end, { resetAndClosing: true })
    end.destroy()
  }
}
