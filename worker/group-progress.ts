import type { Lag } from '@/kafka/lag'

/**
 * What the group has passed, told from how far it was a while ago and how far it is now. That something is ahead of it tells
 * nothing of one record: while mail flows, something always is.
 */
export class GroupProgress {
  #readings: { at: number; lag: Lag }[] = []

  /** @param windowMs how far back it is asked; what is older is forgotten */
  constructor(private readonly windowMs: number) {}

  /** @param at monotonic, in milliseconds */
  observe(lag: Lag, at: number): void {
    this.#readings = [...this.#readings.filter((one) => at - one.at <= this.windowMs), { at, lag }]
  }

  forget(): void {
    this.#readings = []
  }

  get isKnown(): boolean {
    return this.#readings.length > 0
  }

  /** Whether the group has passed all that was published in this partition before the window began. When nothing is known: yes. */
  hasPassed(partition: number): boolean {
    const end = this.#readings[0]?.lag.parts.get(partition)?.end
    const position = this.#readings.at(-1)?.lag.parts.get(partition)?.position
    return end === undefined || position === undefined || position >= end
  }
}
