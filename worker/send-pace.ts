import type { Sql } from '@/db/client'
import { giveBackToSendRate, prepareSendRate, takeFromSendRate } from '@/db/send-rate'
import type { SendRate } from '@/runtime/config'
import type { Logger } from '@/runtime/log'

/** A day's share may be raised, or given back, before midnight: asked again at least this often. */
const longestWaitMs = 30_000
const againMs = 500

/** The agreed pace of SEND_RATE, which all workers share: mails wait here before they are held. */
export class SendPace {
  #prepared = false
  #stopping = false
  #wake: (() => void) | null = null

  constructor(
    private readonly sql: Sql,
    private readonly rate: SendRate,
    private readonly log: Logger,
  ) {}

  /** @returns from 1 to `wanted`, as soon as the pace allows one; 0 only when stopping */
  async admit(wanted: number): Promise<number> {
    while (!this.#stopping) {
      let waitMs = againMs
      try {
        if (!this.#prepared) await prepareSendRate(this.sql, this.rate)
        this.#prepared = true
        const { granted, waitMs: asked } = await takeFromSendRate(this.sql, this.rate, wanted)
        if (granted > 0) return granted
        waitMs = Math.min(Math.max(asked, 1), longestWaitMs)
      } catch (error) {
        this.log.warn({ err: error }, 'The pace could not be asked for; trying again')
      }
      await this.#rest(waitMs)
    }
    return 0
  }

  /** What was admitted and turned out stale. */
  async giveBack(count: number): Promise<void> {
    if (count === 0) return
    try {
      await giveBackToSendRate(this.sql, count)
    } catch (error) {
      // Then a few mails of this second's share are lost to the pace, nothing else.
      this.log.debug({ err: error, count }, 'A share of the pace could not be given back')
    }
  }

  stop(): void {
    this.#stopping = true
    this.#wake?.()
  }

  #rest(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
