import { AppError } from '@/core/errors'
import { beginAt, readOn } from '@/core/follow-ids'
import { heartbeatText, toEventText, type LiveEvent, type LiveMessage } from '@/core/live'
import { summarise } from '@/core/sentences'
import { findMessages } from '@/db/messages'
import { readChanges, readPlace, type Changes, type Place } from '@/db/read-changes'
import type { Context } from './context'
import { inTime, withoutParameters } from './failures'
import { apiWords } from './words'

/** A change is told so long after its commit at most, and a little. */
const lookEveryMs = 250
const lookAgainMs = 1_000
/** A line that brings nothing for longer than this is dead (app/_ui/live-line.ts allows for three). */
const signOfLifeMs = 2_500
/** How often it is asked whether who listens still may. */
const checkMs = 15_000
/** With more than this, whoever listens does better to read its page again. */
const mostMessages = 200
/** Bytes that wait for a caller who takes them slowly; what comes after that is told as one `reload`. */
const mostWaiting = 256 * 1024
/** Each is a browser with all its tabs. */
const mostListeners = 1_000

const encoder = new TextEncoder()
const heartbeat = encoder.encode(heartbeatText)
const here = encoder.encode(toEventText({ event: 'here', data: {} }))
const reload = encoder.encode(toEventText({ event: 'reload', data: {} }))

type Listener = {
  userId: number
  /** Ends the line when whoever listens may no longer; rejects when nobody can say so now. */
  check: () => Promise<void>
  tell: (bytes: Uint8Array) => void
  /** It takes again: what was missed meanwhile is told as one `reload`. */
  catchUp: () => void
  leave: () => void
  end: () => void
}
/** What was known at the last look. */
type Known = Place & { sending: ReadonlySet<string>; breakers: string | null }

/**
 * What changes, told to everybody who listens. However many they are, one statement looks every 250 ms, and a second one reads
 * what has changed; while nobody listens, nothing looks. One of it in each web process.
 */
export class LiveFeed {
  readonly #context: Pick<Context, 'db' | 'config' | 'log'>
  readonly #lifeMs: number
  readonly #checkMs: number
  readonly #listeners = new Set<Listener>()
  #isLooking = false
  /** Null: nobody has looked yet, or Postgres is away. */
  #known: Known | null = null
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(
    context: Pick<Context, 'db' | 'config' | 'log'>,
    options: { signOfLifeMs?: number; checkMs?: number } = {},
  ) {
    this.#context = context
    this.#lifeMs = options.signOfLifeMs ?? signOfLifeMs
    this.#checkMs = options.checkMs ?? checkMs
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /**
   * Events until the caller leaves, `mayStill` says no, or the process stops.
   * @param mayStill asked every 15 s, and before anything is told that came after a change to this account
   */
  listen(userId: number, mayStill: () => Promise<boolean>): ReadableStream<Uint8Array> {
    if (this.#isClosed || this.#listeners.size >= mostListeners) {
      throw new AppError('unavailable', 'Changes cannot be followed right now. Pages look for them by themselves.')
    }
    let listener: Listener | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          listener = this.#join(stream, userId, mayStill)
        },
        pull: () => listener?.catchUp(),
        cancel: () => listener?.leave(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: mostWaiting }),
    )
  }

  #join(
    stream: ReadableStreamDefaultController<Uint8Array>,
    userId: number,
    mayStill: () => Promise<boolean>,
  ): Listener {
    let isBehind = false
    const life = setInterval(() => listener.tell(heartbeat), this.#lifeMs)
    const checks = setInterval(() => {
      // It has taken nothing for so long: it comes back when it can.
      if (isBehind) listener.end()
      else void listener.check().catch((error: unknown) => this.#noteFault(error))
    }, this.#checkMs)
    const listener: Listener = {
      userId,
      check: async () => {
        if (!(await mayStill()) && this.#listeners.has(listener)) listener.end()
      },
      tell(bytes) {
        isBehind ||= (stream.desiredSize ?? 0) <= 0
        if (!isBehind) stream.enqueue(bytes)
      },
      catchUp() {
        if (!isBehind) return
        isBehind = false
        stream.enqueue(reload)
      },
      leave: () => {
        clearInterval(life)
        clearInterval(checks)
        this.#listeners.delete(listener)
        if (this.#listeners.size === 0) this.#wake?.()
      },
      end() {
        listener.leave()
        stream.close()
      },
    }
    this.#listeners.add(listener)
    // The head of the answer leaves with the first byte.
    stream.enqueue(heartbeat)
    if (this.#known) listener.tell(here)
    if (!this.#isLooking) void this.#look()
    return listener
  }

  /** Ends every stream: nothing else would, and a server waits for them before it stops. */
  close(): void {
    this.#isClosed = true
    for (const listener of this.#listeners) listener.end()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    while (this.#listeners.size > 0) {
      const startedAt = performance.now()
      try {
        this.#known = this.#known ? await this.#tellChanges(this.#known) : await this.#begin()
      } catch (error) {
        this.#noteFault(error)
        if (this.#known) this.#tell({ event: 'away', data: {} })
        this.#known = null
      }
      const everyMs = this.#known ? lookEveryMs : lookAgainMs
      await this.#pause(everyMs - (performance.now() - startedAt))
    }
    this.#known = null
    this.#isLooking = false
  }

  async #begin(): Promise<Known> {
    const { events, audit } = await inTime(readPlace(this.#context.db))
    this.#tell({ event: 'here', data: {} })
    return { events: beginAt(events), audit: beginAt(audit), sending: new Set(), breakers: null }
  }

  async #tellChanges(known: Known): Promise<Known> {
    const changes = await inTime(readChanges(this.#context.db, known))
    const sending = new Set(changes.sending)
    const users = usersOf(changes.audit)
    await this.#checkThose(users)
    await this.#tellMessages(
      changes,
      [...sending].filter((id) => !known.sending.has(id)),
    )
    if (changes.audit.length > 0) this.#tell({ event: 'audit', data: { users } })
    if (known.breakers !== null && known.breakers !== changes.breakers) this.#tell({ event: 'delivery', data: {} })
    const nowMs = performance.now()
    const on = (before: Known['events'], rows: { id: number }[]) =>
      readOn(
        before,
        rows.map(({ id }) => id),
        nowMs,
      )
    return {
      events: on(known.events, changes.events),
      audit: on(known.audit, changes.audit),
      sending,
      breakers: changes.breakers,
    }
  }

  /** Something was done to these accounts: whoever lost a right by it hears nothing more. */
  async #checkThose(users: readonly number[]): Promise<void> {
    const concerned = [...this.#listeners].filter(({ userId }) => users.includes(userId))
    for (const result of await Promise.allSettled(concerned.map((listener) => listener.check())))
      if (result.status === 'rejected') this.#noteFault(result.reason)
  }

  async #tellMessages(changes: Changes, begun: string[]): Promise<void> {
    const ids = [...new Set([...changes.events.map(({ messageId }) => messageId), ...begun])]
    if (ids.length === 0) return
    if (ids.length > mostMessages) return this.#tell({ event: 'reload', data: {} })
    const words = apiWords(this.#context.config)
    const found = await inTime(findMessages(this.#context.db, ids))
    const messages = found.map(({ item, facts, userId }): LiveMessage => ({
      ...item,
      summary: summarise(facts, words),
      user_id: userId,
    }))
    this.#tell({ event: 'messages', data: { messages } })
  }

  /** Made into bytes once, however many listen. */
  #tell(event: LiveEvent): void {
    const bytes = encoder.encode(toEventText(event))
    for (const listener of this.#listeners) listener.tell(bytes)
  }

  #noteFault(error: unknown): void {
    this.#context.log.warn({ err: withoutParameters(error) }, 'The live feed could not look what has changed')
  }

  /** Ends early when nobody listens any more. */
  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(ms, 50))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const usersOf = (rows: { target: string }[]): number[] => [
  ...new Set(rows.flatMap(({ target }) => (target.startsWith('user:') ? [Number(target.slice('user:'.length))] : []))),
]
