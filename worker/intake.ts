import type { Held, Ring } from '@/db/hold'
import { NotTaken } from '@/kafka/consume'
import type { Logger } from '@/runtime/log'

const againMs = 500

type Tools = {
  /** How many mails may be under way at once: the send slots, fewer after trouble, none while nobody sends. */
  allowed: () => number
  /** How many of these may be held now, by the agreed pace; waits while it is none. Absent: as many as there are slots. */
  admit?: (wanted: number) => Promise<number>
  hold: (rings: readonly Ring[]) => Promise<Held[]>
  /** Sends one message; its slot is free again when this settles. */
  deliver: (held: Held) => Promise<void>
  log: Logger
}

/**
 * Takes records in, as many as there are free send slots, in one hold statement at a time: it takes what waits and never
 * lingers for a full batch. Records of all partitions wait in one line, so a slow message stops nobody but its slot.
 */
export class Intake {
  readonly #waiting: { ring: Ring; taken: (what: 'held' | 'stale') => void; refused: (error: Error) => void }[] = []
  readonly #underway = new Set<Promise<void>>()
  #holding: Promise<void> | null = null
  #stopping = false

  constructor(private readonly tools: Tools) {}

  get busy(): number {
    return this.#underway.size
  }

  /** Resolves once the message is held, or its record has turned out stale. Rejects only with `NotTaken`. */
  take(ring: Ring): Promise<'held' | 'stale'> {
    if (this.#stopping) return Promise.reject(new NotTaken('The worker is stopping'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ring, taken: resolve, refused: reject })
      this.pump()
    })
  }

  /** Takes nothing more, and waits for what is held to be recorded. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const { refused } of this.#waiting.splice(0)) refused(new NotTaken('The worker is stopping'))
    await this.#holding
    await Promise.all(this.#underway)
  }

  /** Looks whether more may be taken; to be called when `allowed` has changed. */
  pump(): void {
    if (this.#holding || this.#stopping || this.#waiting.length === 0 || this.#room() <= 0) return
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
    const count = admit ? await admit(Math.min(this.#room(), this.#waiting.length)) : this.#room()
    const batch = this.#waiting.splice(0, Math.max(0, count))
    if (batch.length === 0) return
    // Two records of one message may wait at once; it is asked for once.
    const asked = new Map(batch.map(({ ring }) => [ring.messageId + ring.attempt, ring]))
    let held: Held[]
    try {
      held = await this.tools.hold([...asked.values()])
    } catch (error) {
      this.tools.log.warn({ err: error, records: batch.length }, 'Postgres could not be asked; trying again')
      if (this.#stopping) {
        for (const { refused } of batch) refused(new NotTaken('The worker is stopping'))
        return
      }
      this.#waiting.unshift(...batch)
      await new Promise((resolve) => setTimeout(resolve, againMs))
      if (this.#stopping)
        for (const { refused } of this.#waiting.splice(0)) refused(new NotTaken('The worker is stopping'))
      return
    }
    const taken = new Set(held.map((message) => message.messageId + message.attempt))
    for (const { ring, taken: say } of batch) say(taken.has(ring.messageId + ring.attempt) ? 'held' : 'stale')
    for (const message of held) {
      const sending = this.tools
        .deliver(message)
        // A bug, not a result: the hold runs out, and the message is taken over and flagged.
        .catch((error: unknown) =>
          this.tools.log.error({ err: error, messageId: message.messageId }, 'Delivery failed'),
        )
        .finally(() => {
          this.#underway.delete(sending)
          this.pump()
        })
      this.#underway.add(sending)
    }
  }
}
