import { renewHolds, type Held } from '@/db/hold'
import type { Sql } from '@/db/client'
import type { Logger } from '@/runtime/log'

const renewEveryMs = 15_000
/** A body is begun only with this much of the hold left: room for the reply to be recorded. */
const marginMs = 5_000

/**
 * What this process holds, and until when by its own monotonic clock: counted from before the statement was sent, so it ends
 * here before it ends in Postgres, however wrong the wall clock is or however long the process was frozen.
 */
export class Holds {
  readonly #until = new Map<string, { messageId: string; until: number }>()
  readonly #timer: NodeJS.Timeout

  constructor(
    private readonly sql: Sql,
    private readonly holdMs: number,
    private readonly log: Logger,
  ) {
    this.#timer = setInterval(() => void this.#renew(), Math.min(renewEveryMs, holdMs / 4))
  }

  get count(): number {
    return this.#until.size
  }

  add({ messageId, hold }: Pick<Held, 'messageId' | 'hold'>, askedAt: number): void {
    this.#until.set(hold, { messageId, until: askedAt + this.holdMs })
  }

  drop(hold: string): void {
    this.#until.delete(hold)
  }

  hasTimeLeft(hold: string): boolean {
    return (this.#until.get(hold)?.until ?? 0) - performance.now() > marginMs
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #renew(): Promise<void> {
    const asked = Array.from(this.#until, ([hold, { messageId }]) => ({ messageId, hold }))
    if (asked.length === 0) return
    const askedAt = performance.now()
    try {
      const { renewed, locked } = await renewHolds(this.sql, asked, this.holdMs)
      const [extended, kept] = [new Set(renewed), new Set(locked)]
      for (const { hold } of asked) {
        const held = this.#until.get(hold)
        if (held && !kept.has(hold)) held.until = extended.has(hold) ? askedAt + this.holdMs : 0
      }
    } catch (error) {
      // They run out by themselves; whoever is about to begin a body sees that.
      this.log.warn({ err: error, holds: asked.length }, 'Holds could not be renewed')
    }
  }
}
