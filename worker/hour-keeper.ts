import type { Sql } from '@/db/client'
import { countDeliveryHours } from '@/db/delivery-hours'
import type { Logger } from '@/runtime/log'

const everyMs = 15_000
const longestRestMs = 120_000

/** How long to rest after a count that took so long; null: it failed, and how long it hung says nothing of what it costs. */
export const restMs = (tookMs: number | null): number =>
  tookMs === null ? everyMs : Math.min(Math.max(everyMs, 50 * tookMs), longestRestMs)

/** Keeps count of what each hour brought. Its cost grows with the mail of an hour, so it rests for fifty times as long as it took. */
export class HourKeeper {
  #timer: NodeJS.Timeout | null = null
  #counting: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(
    private readonly sql: Sql,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#counting = this.#count()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#counting
  }

  async #count(): Promise<void> {
    const startedAt = performance.now()
    let isMoreLeft = false
    let tookMs: number | null = null
    try {
      isMoreLeft = await countDeliveryHours(this.sql)
      tookMs = performance.now() - startedAt
    } catch (error) {
      this.log.warn({ err: error }, 'The mail of this hour could not be counted; trying again')
    }
    if (this.#isStopped) return
    this.#timer = setTimeout(
      () => {
        this.#counting = this.#count()
      },
      isMoreLeft ? 0 : restMs(tookMs),
    )
  }
}
