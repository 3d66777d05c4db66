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
const heartbeatMs = 15_000
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
  readonly #beatMs: number
  readonly #listeners = new Set<Listener>()
  #isLooking = false
  /** Null: nobody has looked yet, or Postgres is away. */
  #known: Known | null = null
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(context: Pick<Context, 'db' | 'config' | 'log'>, options: { heartbeatMs?: number } = {}) {
    this.#context = context
    this.#beatMs = options.heartbeatMs ?? heartbeatMs
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /**
   * Events until the caller leaves, `mayStill` says no, or the process stops.
   * @param mayStill asked at each heartbeat
   */
  listen(mayStill: () => Promise<boolean>): ReadableStream<Uint8Array> {
    if (this.#isClosed || this.#listeners.size >= mostListeners) {
      throw new AppError('unavailable', 'Changes cannot be followed right now. Pages look for them by themselves.')
    }
    let listener: Listener | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          listener = this.#join(stream, mayStill)
        },
        pull: () => listener?.catchUp(),
        cancel: () => listener?.leave(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: mostWaiting }),
    )
  }

  #join(stream: ReadableStreamDefaultController<Uint8Array>, mayStill: () => Promise<boolean>): Listener {
    let isBehind = false
    const beat = async () => {
      // It has taken nothing for a whole beat: it comes back when it can.
      const isOver = isBehind || !(await mayStill())
      if (!this.#listeners.has(listener)) return
      if (isOver) listener.end()
      else listener.tell(heartbeat)
    }
    const timer = setInterval(() => void beat().catch((error: unknown) => this.#noteFault(error)), this.#beatMs)
    const listener: Listener = {
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
        clearInterval(timer)
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
    await this.#tellMessages(
      changes,
      [...sending].filter((id) => !known.sending.has(id)),
    )
    if (changes.audit.length > 0) this.#tell({ event: 'audit', data: { users: usersOf(changes.audit) } })
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
