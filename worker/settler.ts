import { storable } from '@/core/storable'
import type { Sql } from '@/db/client'
import { isRowLocked } from '@/db/failure'
import { settleMessages, settleProvenSent, type Settlement } from '@/db/settle'
import type { Logger } from '@/runtime/log'

const perStatement = 100
const againMs = 500
const lockedAgainMs = 1_000

type Entry = { settlement: Settlement; done: () => void }

/**
 * Writes results down, several in one statement: what came while the last statement was under way goes with the next. A lone
 * result waits for nobody. While Postgres is away it tries again and forgets nothing. A result whose row somebody keeps locked
 * is tried again on its own, so that the others pass.
 */
export class Settler {
  readonly #queue: Entry[] = []
  #writing = false

  constructor(
    private readonly sql: Sql,
    private readonly log: Logger,
  ) {}

  /** Resolves once it is in Postgres. */
  settle(settlement: Settlement): Promise<void> {
    return new Promise((resolve) => {
      const { reply, detail } = settlement
      this.#queue.push({
        settlement: {
          ...settlement,
          reply: reply && storable(reply),
          detail: detail.reply ? { ...detail, reply: storable(detail.reply) } : detail,
        },
        done: resolve,
      })
      if (!this.#writing) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#queue.length > 0) {
      const left = this.#nextBatch()
      try {
        await this.#record(left)
      } catch (error) {
        if (isRowLocked(error)) {
          await this.#oneByOne(left)
          continue
        }
        this.log.warn({ err: error, waiting: left.length }, 'Results could not be recorded; trying again')
        this.#queue.unshift(...left)
        await new Promise((resolve) => setTimeout(resolve, againMs))
      }
    }
    this.#writing = false
  }

  /** @param left what is recorded is taken out, so that only the others are repeated: the second time it would look lost */
  async #record(left: Entry[]): Promise<void> {
    const settled = new Set(
      await settleMessages(
        this.sql,
        left.map((entry) => entry.settlement),
      ),
    )
    const lost = left.filter(({ settlement }) => !settled.has(settlement.messageId))
    for (const { settlement, done } of left.splice(0, left.length, ...lost))
      if (settled.has(settlement.messageId)) done()
    for (let next = left[0]; next; next = left[0]) {
      await this.#lost(next.settlement)
      next.done()
      left.shift()
    }
  }

  /** One of their rows is locked, and nobody says which. */
  async #oneByOne(entries: readonly Entry[]): Promise<void> {
    for (const [at, entry] of entries.entries()) {
      try {
        await this.#record([entry])
      } catch (error) {
        if (!isRowLocked(error)) {
          this.log.warn({ err: error, waiting: entries.length - at }, 'Results could not be recorded; trying again')
          this.#queue.unshift(...entries.slice(at))
          await new Promise((resolve) => setTimeout(resolve, againMs))
          return
        }
        void this.#alone(entry)
      }
    }
  }

  async #alone(entry: Entry): Promise<void> {
    const { messageId, outcome } = entry.settlement
    this.log.warn({ messageId, outcome: outcome.kind }, 'Somebody keeps the message locked; its result waits')
    for (let isRecorded = false; !isRecorded;) {
      await new Promise((resolve) => setTimeout(resolve, lockedAgainMs))
      isRecorded = await this.#record([entry]).then(
        () => true,
        (error: unknown) => {
          this.log.debug({ err: error, messageId }, 'The result still waits')
          return false
        },
      )
    }
  }

  /** One result of each message: a second one is of another hold, and the answer of the statement only names messages. */
  #nextBatch(): Entry[] {
    const messages = new Set<string>()
    for (const { settlement } of this.#queue) {
      if (messages.size === perStatement || messages.has(settlement.messageId)) break
      messages.add(settlement.messageId)
    }
    return this.#queue.splice(0, messages.size)
  }

  /** The hold had run out. Only a proof of acceptance still counts; anything else is the new holder's to find out. */
  async #lost({ messageId, hold, outcome, reply, detail }: Settlement): Promise<void> {
    this.log.warn({ messageId, outcome: outcome.kind }, 'The hold was lost before the result was recorded')
    if (outcome.kind === 'sent') await settleProvenSent(this.sql, { messageId, hold, reply, detail })
  }
}
