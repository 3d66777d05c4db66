import type { Sql } from '@/db/client'
import { settleMessages, settleProvenSent, type Settlement } from '@/db/settle'
import type { Logger } from '@/runtime/log'

const perStatement = 100
const againMs = 500

/**
 * Writes results down, several in one statement: what came while the last statement was under way goes with the next. A lone
 * result waits for nobody. While Postgres is away it tries again and forgets nothing.
 */
export class Settler {
  readonly #queue: { settlement: Settlement; done: () => void }[] = []
  #writing = false

  constructor(
    private readonly sql: Sql,
    private readonly log: Logger,
  ) {}

  /** Resolves once it is in Postgres. */
  settle(settlement: Settlement): Promise<void> {
    return new Promise((resolve) => {
      this.#queue.push({ settlement, done: resolve })
      if (!this.#writing) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, perStatement)
      try {
        const settled = new Set(
          await settleMessages(
            this.sql,
            batch.map((entry) => entry.settlement),
          ),
        )
        for (const { settlement } of batch) if (!settled.has(settlement.messageId)) await this.#lost(settlement)
        for (const entry of batch) entry.done()
      } catch (error) {
        this.log.warn({ err: error, waiting: batch.length }, 'Results could not be recorded; trying again')
        this.#queue.unshift(...batch)
        await new Promise((resolve) => setTimeout(resolve, againMs))
      }
    }
    this.#writing = false
  }

  /** The hold had run out. Only a proof of acceptance still counts; anything else is the new holder's to find out. */
  async #lost({ messageId, outcome, reply, detail }: Settlement): Promise<void> {
    this.log.warn({ messageId, outcome: outcome.kind }, 'The hold was lost before the result was recorded')
    if (outcome.kind === 'sent') await settleProvenSent(this.sql, { messageId, reply, detail })
  }
}
