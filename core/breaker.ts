import { isSuspect, type SendResult } from './delivery'
import { breakerKindOf, classify, type Verdict } from './smtp-failure'

/** Why nobody sends on a route. */
export type BreakerKind = 'outage' | 'throttle' | 'configuration' | 'quota'
export type BreakerState = 'closed' | 'open' | 'half_open'
export type Route = 'primary' | 'fallback'

/** What one try says about the server, whatever it says about the mail. */
export type Signal =
  /** The server spoke about this mail: it works. */
  | { kind: 'works' }
  /**
   * It fails for everybody, or seems to. `atOnce`: one such answer is enough to know. `atDoor`: it came before any mail was
   * spoken of, so it cannot be that mail's fault.
   */
  | { kind: 'trouble'; breaker: BreakerKind; verdict: Verdict; reply: string; atOnce: boolean; atDoor: boolean }
  /** Nothing was learned: the mail was never offered. */
  | { kind: 'nothing' }

/** So many troubles in a row, of different messages, open the breaker where one alone could be that message's own fault. */
export const troublesToOpen = 3

export function signalOf(result: SendResult, about: { ownSender: boolean; outages: number }): Signal {
  if (result.kind === 'accepted') return { kind: 'works' }
  if (result.kind !== 'failed') return { kind: 'nothing' }
  const { failure } = result
  const verdict = classify(failure, about)
  // Lost after the dot once is bad luck; time after time it is an outage that would put every mail in doubt.
  const breaker = verdict.class === 'ambiguous' ? 'outage' : breakerKindOf(verdict.class)
  if (breaker === null) return { kind: 'works' }
  if (isSuspect(verdict, failure.stage, about.outages)) return { kind: 'nothing' }
  // Whoever is turned away at the door for their password or their quota need not ask twice; a throttle is meant for all.
  const atDoor = failure.stage === 'connect'
  const atOnce = breaker === 'throttle' || breaker === 'quota' || (breaker === 'configuration' && atDoor)
  return { kind: 'trouble', breaker, verdict, reply: failure.reply, atOnce, atDoor }
}

const quotaProbeMs = 900_000
const throttleMs = { first: 10_000, longest: 60_000 }
/** A wrong password that is offered too often locks an account: asked less often than a server that is merely away. */
const configurationFactor = 2

/**
 * How long to wait before the next probe.
 * @param failures probes and single mails that failed since it opened
 * @param baseMs the first wait of an outage; grows to six times as long
 * @param asked what the server itself asked for
 */
export function probeDelayMs(input: {
  kind: BreakerKind
  failures: number
  baseMs: number
  asked: number | null
}): number {
  const { kind, failures, baseMs, asked } = input
  if (kind === 'quota') return quotaProbeMs
  if (kind === 'throttle') return asked ?? Math.min(throttleMs.first * 2 ** Math.min(failures, 10), throttleMs.longest)
  const factor = kind === 'configuration' ? configurationFactor : 1
  return Math.min(baseMs * 2 ** Math.min(failures, 10), baseMs * 6) * factor
}

/**
 * How many mails may be under way after trouble: one, then as many more as go well, like the congestion window of TCP (RFC
 * 5681): doubling each round up to the threshold, then one more each round, to the limit.
 */
export class Ramp {
  #window: number
  #threshold: number

  constructor(private readonly limit: number) {
    this.#window = limit
    this.#threshold = limit
  }

  get allowed(): number {
    return Math.floor(this.#window)
  }

  trouble(kind: BreakerKind): void {
    // A throttle says that this pace was too fast; an outage says nothing of the pace.
    this.#threshold = kind === 'throttle' ? Math.max(1, this.#window / 2) : this.limit
    this.#window = 1
  }

  works(): void {
    if (this.#window >= this.limit) return
    this.#window = Math.min(this.limit, this.#window + (this.#window < this.#threshold ? 1 : 1 / this.#window))
  }
}
