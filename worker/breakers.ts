import { probeDelayMs, Ramp, signalOf, troublesToOpen, type BreakerKind, type Route, type Signal } from '@/core/breaker'
import type { SendResult } from '@/core/delivery'
import {
  announceRoutes,
  closeBreaker,
  halfOpenBreaker,
  openBreaker,
  probeFailed,
  readBreakers,
  takeProbe,
  type Breaker,
} from '@/db/breakers'
import { listenFor, type Sql } from '@/db/client'
import type { Logger } from '@/runtime/log'
import type { Metrics } from './metrics'

/** How often the shared state is looked at when nobody tells of a change. */
const lookEveryMs = 500

/** What a breaker needs of the pool of its route. */
export type ProbedPool = {
  /** Connects and signs in anew, and sends nothing. */
  probe: () => Promise<SendResult>
  /** What is held but not begun is given back. */
  pause: () => void
  resume: () => void
}

type Lane = {
  route: Route
  pool: ProbedPool
  state: Breaker['state']
  kind: BreakerKind | null
  failures: number
  probeInMs: number
  ramp: Ramp
  /** Messages in a row, each another one, that met trouble here since something last worked. */
  troubled: Set<string>
  /** Half-open: the one mail that tries it while there is another way. */
  trying: string | null
  probing: boolean
}

/**
 * Whether mail may go out now, and by which route. The truth is one row a route in Postgres, shared by all workers; this is
 * one worker's view of it, kept fresh by NOTIFY and a look twice a second. While Postgres is away the last view holds:
 * nothing can be taken up then anyway.
 */
export class Breakers {
  readonly #lanes: Lane[]
  #timer: NodeJS.Timeout | null = null
  #listening: { stop: () => Promise<void> } | null = null
  #looking: Promise<void> | null = null
  #next: Promise<void> | null = null
  #stopping = false

  constructor(
    private readonly tools: {
      sql: Sql
      databaseUrl: string
      pools: ReadonlyMap<Route, ProbedPool>
      /** Mails that may be under way at once when all is well. */
      slots: number
      probeMs: number
      metrics: Pick<Metrics, 'breakerOpen'>
      log: Logger
      /** More, or fewer, mails may be under way from now on. */
      onChange: () => void
    },
  ) {
    this.#lanes = [...tools.pools].map(([route, pool]) => ({
      route,
      pool,
      state: 'closed',
      kind: null,
      failures: 0,
      probeInMs: 0,
      ramp: new Ramp(tools.slots),
      troubled: new Set(),
      trying: null,
      probing: false,
    }))
  }

  async start(): Promise<void> {
    this.#listening = listenFor('breaker', this.tools.databaseUrl, () => void this.look())
    await announceRoutes(
      this.tools.sql,
      this.#lanes.map((lane) => lane.route),
    )
    await this.look()
    this.#timer = setInterval(() => void this.look(), lookEveryMs)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#looking
    await this.#listening?.stop()
  }

  /** How many mails may be under way in this process now; 0 while nobody sends. */
  get allowed(): number {
    return Math.max(...this.#lanes.map((lane) => this.#allowedOn(lane)))
  }

  /** Whether a mail could go anywhere now. */
  canGo(mail: { mayHaveBeenDelivered: boolean }): boolean {
    return this.#lanes.some((lane) => lane.state !== 'open' && this.#isAllowed(lane, mail))
  }

  /**
   * Where a mail goes now; `learn` is to be told what came of it. The second route is for while the first is out of order. One
   * mail at a time finds out whether the first is well again, the others still take the second.
   * @param turnedAway where it has just been: not there again in the same try
   */
  route(mail: { messageId: string; mayHaveBeenDelivered: boolean }, turnedAway: Route | null = null): Route | null {
    const usable = this.#lanes.filter((lane) => lane.state !== 'open' && this.#isAllowed(lane, mail))
    const lane =
      usable.find(({ state, trying }) => state === 'closed' || trying === null || trying === mail.messageId) ??
      usable[0]
    // Before it is noted as the one that tries: nobody would ever learn of it, and none other would try again.
    if (!lane || lane.route === turnedAway) return null
    if (lane.state === 'half_open') lane.trying ??= mail.messageId
    return lane.route
  }

  /** Whether the route has failed everybody, and nothing has gone through since. */
  isOut(route: Route): boolean {
    return this.#lane(route).state !== 'closed'
  }

  /** Never the second for a mail that the first may have accepted already: there nobody could recognise the copy. */
  #isAllowed(lane: Lane, mail: { mayHaveBeenDelivered: boolean }): boolean {
    return lane.route === 'primary' || !mail.mayHaveBeenDelivered
  }

  /**
   * What a try has taught about its route. Resolves when the others know it too, as far as they have to. Never rejects.
   * @returns what it says of the server
   */
  async learn(
    route: Route,
    messageId: string,
    result: SendResult,
    about: { ownSender: boolean; outages: number },
  ): Promise<Signal> {
    const lane = this.#lane(route)
    if (lane.trying === messageId) lane.trying = null
    // While it is out, what a mail met before is no reason to doubt the mail.
    const signal = signalOf(result, lane.state === 'closed' ? about : { ...about, outages: 0 })
    try {
      if (signal.kind === 'works') await this.#worked(lane)
      if (signal.kind === 'trouble') await this.#troubled(lane, messageId, signal)
    } catch (error) {
      // What this try came to is recorded all the same; the next one teaches the same again.
      this.tools.log.warn({ err: error, route }, 'The state of the mail server could not be recorded')
    }
    return signal
  }

  #lane(route: Route): Lane {
    const lane = this.#lanes.find((one) => one.route === route)
    if (!lane) throw new Error(`There is no route ${route}`)
    return lane
  }

  #allowedOn(lane: Lane): number {
    if (lane.state === 'open') return 0
    return lane.state === 'half_open' ? 1 : lane.ramp.allowed
  }

  async #worked(lane: Lane): Promise<void> {
    lane.troubled.clear()
    const before = lane.ramp.allowed
    lane.ramp.works()
    if (lane.ramp.allowed > before) this.tools.onChange()
    if (lane.state !== 'half_open') return
    const delayedMs = await closeBreaker(this.tools.sql, lane.route)
    if (delayedMs !== null) {
      this.tools.log.info({ route: lane.route, delayedMs: Math.round(delayedMs) }, 'Mail flows again')
    }
    await this.look()
  }

  async #troubled(lane: Lane, messageId: string, signal: Extract<Signal, { kind: 'trouble' }>): Promise<void> {
    // At the door it is the server's fault, whichever mail it was; in the middle, only several mails prove it.
    lane.troubled.add(signal.atDoor ? `${messageId} ${lane.troubled.size}` : messageId)
    const isProven = signal.atOnce || lane.state === 'half_open' || lane.troubled.size >= troublesToOpen
    if (!isProven || lane.state === 'open') return
    const { breaker: kind, verdict, reply } = signal
    const failures = lane.state === 'half_open' ? lane.failures + 1 : 0
    const probeInMs = probeDelayMs({ kind, failures, baseMs: this.tools.probeMs, asked: verdict.retryAfterMs })
    const opened = await openBreaker(this.tools.sql, {
      route: lane.route,
      kind,
      cause: verdict.cause,
      reply,
      probeInMs,
    })
    if (opened) {
      this.tools.log.warn(
        { route: lane.route, kind, cause: verdict.cause, reply, probeInMs },
        'Nobody sends until the mail server is well again; what waits keeps its place',
      )
    }
    await this.look()
  }

  /** Reads what is true for all, and does what follows from it here. What is asked during a look is answered by the next. */
  look(): Promise<void> {
    if (this.#looking) {
      this.#next ??= this.#looking.then(() => {
        this.#next = null
        return this.look()
      })
      return this.#next
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    try {
      const rows = await readBreakers(this.tools.sql)
      for (const lane of this.#lanes)
        this.#follow(
          lane,
          rows.find((row) => row.route === lane.route),
        )
    } catch (error) {
      this.tools.log.debug({ err: error }, 'The breakers could not be read')
      return
    }
    for (const lane of this.#lanes) {
      if (lane.state === 'open' && lane.probeInMs <= 0 && !lane.probing && !this.#stopping) void this.#probe(lane)
    }
  }

  #follow(lane: Lane, row: Breaker | undefined): void {
    const before = lane.state
    lane.state = row?.state ?? 'closed'
    lane.kind = row?.kind ?? null
    lane.failures = row?.failures ?? 0
    lane.probeInMs = row?.probeInMs ?? 0
    if (lane.state === before) return
    this.tools.metrics.breakerOpen.set({ route: lane.route }, lane.state === 'closed' ? 0 : 1)
    if (lane.state === 'open') {
      if (lane.kind) lane.ramp.trouble(lane.kind)
      lane.pool.pause()
    } else if (before === 'open') {
      lane.troubled.clear()
      lane.pool.resume()
    }
    this.tools.onChange()
  }

  async #probe(lane: Lane): Promise<void> {
    const { sql, probeMs, log } = this.tools
    const kind = lane.kind ?? 'outage'
    lane.probing = true
    try {
      const next = probeDelayMs({ kind, failures: lane.failures + 1, baseMs: probeMs, asked: null })
      if (!(await takeProbe(sql, lane.route, next))) return
      const result = await lane.pool.probe()
      const signal = signalOf(result, { ownSender: true, outages: 0 })
      if (signal.kind === 'works') {
        await halfOpenBreaker(sql, lane.route)
        log.info({ route: lane.route }, 'The mail server answers again; single mails try it')
      } else if (signal.kind === 'trouble') {
        const { breaker, verdict, reply } = signal
        const nextInMs = probeDelayMs({
          kind: breaker,
          failures: lane.failures + 1,
          baseMs: probeMs,
          asked: verdict.retryAfterMs,
        })
        await probeFailed(sql, { route: lane.route, kind: breaker, cause: verdict.cause, reply, nextInMs })
        log.info({ route: lane.route, kind: breaker, reply, nextInMs }, 'The mail server is not well yet')
      }
    } catch (error) {
      log.warn({ err: error, route: lane.route }, 'The mail server could not be probed; another worker will')
    } finally {
      lane.probing = false
    }
    await this.look()
  }
}
