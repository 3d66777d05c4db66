import type { Lag } from '@/kafka/lag'

/** So that a Kafka whose every answer takes a second does not starve the line: what it drains is then less than what it could. */
const fewest = 100
const most = 4_000
/** Enough while the group commits four times a second. Several relays fill the same gap at once, so the line may be twice as long. */
const aheadSeconds = 1

/**
 * How many low and normal priority records may still be put ahead of the group: about a second of what it drains, so that a
 * password reset never waits behind a hundred thousand newsletters.
 */
export class Pace {
  #lag = 0
  #committed: { count: number; at: number } | null = null
  #perSecond = 0

  /** @param at monotonic, in milliseconds */
  observe(lag: Lag, at: number): void {
    const before = this.#committed
    // Shorter than two commits of the group: says nothing about its rate.
    if (!before || at - before.at >= 500) {
      if (before) {
        const rate = ((lag.committed - before.count) / (at - before.at)) * 1_000
        this.#perSecond = Math.max(rate, this.#perSecond / 2)
      }
      this.#committed = { count: lag.committed, at }
    }
    this.#lag = lag.total
  }

  published(count: number): void {
    this.#lag += count
  }

  get allowance(): number {
    return Math.max(0, Math.min(most, Math.max(fewest, Math.round(this.#perSecond * aheadSeconds))) - this.#lag)
  }
}
