import { isRowLocked } from '@/db/failure'
import { randomUUID } from 'node:crypto'
import type { Held, HoldRequest, Ring } from '@/db/hold'
import { NotTaken } from '@/kafka/consume'
import type { Logger } from '@/runtime/log'

const againMs = 500
const lockedAgainMs = 1_000

type Tools = {
  /** How many mails may be under way at once: the send slots, fewer after trouble, none while nobody sends. */
  allowed: () => number
  /** How many of these may be held now, by the agreed pace; waits while it is none. Absent: as many as there are slots. */
  admit?: (wanted: number) => Promise<number>
  hold: (requests: readonly HoldRequest[]) => Promise<Held[]>
  /** Which of these messages exist. */
  known: (messageIds: readonly string[]) => Promise<Set<string>>
  /** Sends one message; its slot is free again when this settles. */
  deliver: (held: Held) => Promise<void>
  log: Logger
}

/**
 * - `held`     this worker sends it now
 * - `stale`    sent, cancelled, a later try, held elsewhere or not due: dropped
 * - `unknown`  there is no such message
 * - `locked`   somebody keeps its row: it is asked for on its own until that ends, and its record is done with
 */
export type Taken = 'held' | 'stale' | 'unknown' | 'locked'

/** All records that ring for the same try of a message: the same promise for each. */
type Waiting = {
  request: HoldRequest
  outcome: Promise<Taken>
  taken: (what: Taken) => void
  refused: (error: Error) => void
}

const keyOf = ({ messageId, attempt }: { messageId: string; attempt: number }) => `${messageId} ${attempt}`

/**
 * Takes records in, as many as there are free send slots, in one hold statement at a time: it takes what waits and never
 * lingers for a full batch. Records of all partitions wait in one line, so a slow message stops nobody but its slot; urgent
 * ones wait in front. A record that comes again while it waits, as after a rebalance, makes the line no longer.
 */
export class Intake {
  #urgent = new Map<string, Waiting>()
  #ordinary = new Map<string, Waiting>()
  /** Messages whose row somebody keeps locked. */
  readonly #aside = new Map<string, Promise<void>>()
  readonly #underway = new Set<Promise<void>>()
  #holding: Promise<void> | null = null
  #stopping = false

  constructor(private readonly tools: Tools) {}

  get busy(): number {
    return this.#underway.size
  }

  /** Records that wait for a slot. */
  get waiting(): number {
    return this.#urgent.size + this.#ordinary.size
  }

  /** Resolves once the message is held, or its record has turned out to be of no use. Rejects only with `NotTaken`. */
  take(ring: Ring, isUrgent = false): Promise<Taken> {
    if (this.#stopping) return Promise.reject(stopped())
    const key = keyOf(ring)
    if (this.#aside.has(key)) return Promise.resolve('locked')
    const same = this.#urgent.get(key) ?? this.#ordinary.get(key)
    if (same) return same.outcome
    let [taken, refused]: [Waiting['taken'], Waiting['refused']] = [() => undefined, () => undefined]
    const outcome = new Promise<Taken>((resolve, reject) => {
      ;[taken, refused] = [resolve, reject]
    })
    ;(isUrgent ? this.#urgent : this.#ordinary).set(key, {
      request: { ...ring, hold: randomUUID() },
      outcome,
      taken,
      refused,
    })
    this.pump()
    return outcome
  }

  /** Takes nothing more, and waits for what is held to be recorded. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#refuseAll()
    await this.#holding
    await Promise.all(this.#aside.values())
    await Promise.all(this.#underway)
  }

  #refuseAll(): void {
    for (const line of [this.#urgent, this.#ordinary]) {
      for (const { refused } of line.values()) refused(stopped())
      line.clear()
    }
  }

  /** Looks whether more may be taken; to be called when `allowed` has changed. */
  pump(): void {
    if (this.#holding || this.#stopping || this.waiting === 0 || this.#room() <= 0) return
    this.#holding = this.#holdSome().finally(() => {
      this.#holding = null
      this.pump()
    })
  }

  #room(): number {
    return this.tools.allowed() - this.#underway.size
  }

  async #holdSome(): Promise<void> {
    const { admit } = this.tools
    const count = admit ? await admit(Math.min(this.#room(), this.waiting)) : this.#room()
    const batch = this.#leaveLine(Math.max(0, count))
    if (batch.size === 0) return
    if (!(await this.#holdBatch(batch)) || batch.size === 0) return
    // Held by nobody and not to be held: mostly an old copy, but it may also speak of a message that never was.
    const ids = [...batch.values()].map(({ request }) => request.messageId)
    const known = await this.#untilAnswered(batch, () => this.tools.known(ids))
    if (!known) return
    for (const { request, taken } of batch.values()) taken(known.has(request.messageId) ? 'stale' : 'unknown')
  }

  /**
   * Asks for all of them in one statement; where somebody keeps a row locked, for one by one, so that only that one waits.
   * What is held, or put aside, leaves the batch.
   * @returns false when we are stopping
   */
  async #holdBatch(batch: Map<string, Waiting>): Promise<boolean> {
    const all = [...batch.values()]
    const answer = await this.#hold(batch, all)
    if (answer !== 'locked') return answer === 'answered'
    for (const waiting of all) {
      const own = all.length === 1 ? 'locked' : await this.#hold(batch, [waiting])
      if (own === 'stopping') return false
      if (own === 'locked') this.#putAside(batch, waiting)
    }
    return true
  }

  async #hold(batch: Map<string, Waiting>, these: readonly Waiting[]): Promise<'answered' | 'locked' | 'stopping'> {
    const requests = these.map(({ request }) => request)
    const held = await this.#untilAnswered(batch, () => this.#holdOrLocked(requests))
    if (held === null) return 'stopping'
    if (held === 'locked') return 'locked'
    for (const message of held) this.#deliver(message)
    for (const message of held) {
      batch.get(keyOf(message))?.taken('held')
      batch.delete(keyOf(message))
    }
    return 'answered'
  }

  async #holdOrLocked(requests: readonly HoldRequest[]): Promise<Held[] | 'locked'> {
    try {
      return await this.tools.hold(requests)
    } catch (error) {
      if (isRowLocked(error)) return 'locked'
      throw error
    }
  }

  #putAside(batch: Map<string, Waiting>, { request, taken }: Waiting): void {
    const key = keyOf(request)
    batch.delete(key)
    taken('locked')
    this.tools.log.warn(
      { messageId: request.messageId },
      'Somebody keeps the message locked; it waits, the others pass',
    )
    this.#aside.set(
      key,
      this.#holdWhenFree(request).finally(() => this.#aside.delete(key)),
    )
  }

  /** Nothing is lost when this process ends first: the row is there, and its bell rings again. */
  async #holdWhenFree(request: HoldRequest): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, lockedAgainMs))
      if (this.#stopping) return
      if (this.#room() <= 0) continue
      try {
        for (const message of await this.tools.hold([request])) this.#deliver(message)
        return
      } catch (error) {
        this.tools.log.debug({ err: error, messageId: request.messageId }, 'The message could not be held yet')
      }
    }
  }

  #leaveLine(count: number): Map<string, Waiting> {
    const batch = new Map<string, Waiting>()
    for (const line of [this.#urgent, this.#ordinary]) {
      for (const [key, waiting] of line) {
        if (batch.size === count) return batch
        batch.set(key, waiting)
        line.delete(key)
      }
    }
    return batch
  }

  /** Asks Postgres again for as long as it is away; null when we are stopping, and then the records are given back. */
  async #untilAnswered<T>(batch: ReadonlyMap<string, Waiting>, ask: () => Promise<T>): Promise<T | null> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        this.tools.log.warn({ err: error, records: batch.size }, 'Postgres could not be asked; trying again')
      }
      if (!this.#stopping) await new Promise((resolve) => setTimeout(resolve, againMs))
      if (this.#stopping) {
        for (const { refused } of batch.values()) refused(stopped())
        return null
      }
    }
  }

  #deliver(message: Held): void {
    const sending = this.tools
      .deliver(message)
      // A bug, not a result: the hold runs out, and the message is taken over and flagged.
      .catch((error: unknown) => this.tools.log.error({ err: error, messageId: message.messageId }, 'Delivery failed'))
      .finally(() => {
        this.#underway.delete(sending)
        this.pump()
      })
    this.#underway.add(sending)
  }
}

const stopped = () => new NotTaken('The worker is stopping')
