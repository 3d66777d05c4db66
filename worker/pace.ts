import type { Lag } from '@/kafka/lag'

/** So that a group whose line was empty, and so drained little, is not held to that little. */
const fewestPerSecond = 100
const most = 4_000
/** Enough while the group commits four times a second. Several relays fill the same gap at once, so the line may be twice as long. */
const aheadSeconds = 1

/**
 * How many low and normal priority records may still be put ahead of the group: about a second of what it drains, so that a
 * password reset never waits behind a hundred thousand newsletters. What the group drains while Kafka is asked how far it is
 * comes on top: a Kafka that takes three seconds to answer would leave the line empty otherwise.
 */
export class Pace {
  #lag = 0
  #publishedSinceAsked = 0
  #askedAt: number | null = null
  #askedForMs = 0
  #committed: { count: number; at: number } | null = null
  #perSecond = 0

  /** Kafka is being asked; ends with `observe` or `notKnown`. @param at monotonic, in milliseconds */
  ask(at: number): void {
    this.#askedAt = at
    this.#publishedSinceAsked = 0
  }

  /** @param at monotonic, in milliseconds */
  observe(lag: Lag, at: number): void {
    this.#askedForMs = this.#askedAt === null ? 0 : at - this.#askedAt
    const before = this.#committed
    // Shorter than two commits of the group: says nothing about its rate.
    if (!before || at - before.at >= 500) {
      if (before) {
        const rate = ((lag.committed - before.count) / (at - before.at)) * 1_000
        this.#perSecond = Math.max(rate, this.#perSecond / 2)
      }
      this.#committed = { count: lag.committed, at }
    }
    this.#lag = lag.total + this.#publishedSinceAsked
  }

  /** Kafka did not say how far the group is: rather too much ahead of it than mail that waits for good. */
  notKnown(): void {
    this.#lag = this.#publishedSinceAsked
  }

  published(count: number): void {
    this.#lag += count
    this.#publishedSinceAsked += count
  }

  get allowance(): number {
    const seconds = aheadSeconds + this.#askedForMs / 1_000
    const ahead = Math.round(Math.max(fewestPerSecond, this.#perSecond) * seconds)
    return Math.max(0, Math.min(most, ahead) - this.#lag)
  }
}
