import type { DeadReason } from './message'
import { retryDelayMs } from './retry'
import { breakerKindOf, classify, type Cause, type Failure, type Verdict } from './smtp-failure'

/** What one try ended with, before anyone decides what follows from it. */
export type SendResult =
  /** The server answered 2xx to the final dot: the proof of acceptance. */
  | { kind: 'accepted'; reply: string }
  /** The server said no, or the conversation broke. `core/smtp-failure.ts` knows what that means. */
  | { kind: 'failed'; failure: Failure }
  /** Made, and by its key or by the whole installation never to be sent. */
  | { kind: 'pretended' }
  /** The mail could not be made from its template and data. */
  | { kind: 'not_rendered'; error: string }
  /** Nobody wants it any more: the account that it was about is gone. */
  | { kind: 'not_wanted'; why: string }
  /** It is older than it may become. */
  | { kind: 'expired' }
  /** The address is on the suppression list. */
  | { kind: 'suppressed'; since: string; reason: string }
  /**
   * Given back before anything was sent: we are stopping, the hold was too short to begin, nobody sends at the moment
   * (`paused`), it must not take the second route, or only another worker knows the template or holds the key of its secret.
   */
  | {
      kind: 'not_begun'
      why: 'stopping' | 'hold_too_short' | 'paused' | 'first_route_only' | 'unknown_template' | 'unknown_key'
    }

export type Outcome =
  | { kind: 'sent' }
  | { kind: 'pretend' }
  | { kind: 'retry'; delayMs: number; mayHaveBeenDelivered: boolean }
  /** No try burned. `delayed` is told in the story; `inDoubtOfItself` counts towards the message being the cause. */
  | { kind: 'release'; delayMs: number; delayed?: boolean; inDoubtOfItself?: boolean }
  | { kind: 'cancel' }
  | { kind: 'suppress' }
  | { kind: 'dead'; reason: DeadReason; mayHaveBeenDelivered: boolean; suppressAddress?: boolean }

export type Decision = { outcome: Outcome; cause: Cause | null }

/** From so many on, a message that the server fails at in the middle is taken for the cause: its tries count again. */
const outagesOfItsOwn = 3

/**
 * A message that has met trouble so often while others went through says nothing about the server any more. At the door it is
 * never the mail's fault.
 */
export const isSuspect = (verdict: Verdict, stage: Failure['stage'], outages: number): boolean =>
  stage !== 'connect' && outages >= outagesOfItsOwn && breakerKindOf(verdict.class) !== null

export type DeliveryRules = { retryBaseMs: number; ambiguousWaitMs: number }

const release = (delayMs: number, more: { delayed?: boolean; inDoubtOfItself?: boolean } = {}): Outcome => ({
  kind: 'release',
  delayMs,
  ...more,
})
const dead = (
  reason: DeadReason,
  more: { mayHaveBeenDelivered?: boolean; suppressAddress?: boolean } = {},
): Outcome => ({
  kind: 'dead',
  reason,
  mayHaveBeenDelivered: false,
  ...more,
})

/** After a pause its record waits in the line again, so that it goes as soon as mail flows. */
const soonMs = 1_000
/** A worker of another version or with other keys may know more; a mail that must not take the second route waits for the first. */
const laterMs = 30_000

/**
 * What follows from one try. Pure: time and chance come in as arguments.
 * @param retryCount failed tries before this one
 * @param flagged the message is already marked `may_have_been_delivered`
 * @param outages how often the server failed in the middle of it without burning a try
 * @param serverWasOut the breaker of its route was not closed when it was tried
 * @param serverIsOut the breaker of its route is not closed: nothing went through since, so it is not this mail that is in doubt
 * @param ownSender its From is the installation's own
 * @param jitter a random number from 0 (inclusive) to 1 (exclusive)
 */
export function decide(input: {
  result: SendResult
  retryCount: number
  maxRetries: number
  flagged: boolean
  outages: number
  serverIsOut: boolean
  serverWasOut: boolean
  onAmbiguous: 'retry' | 'hold'
  ownSender: boolean
  rules: DeliveryRules
  jitter: number
}): Decision {
  const { result } = input
  switch (result.kind) {
    case 'accepted':
      return { outcome: { kind: 'sent' }, cause: null }
    case 'pretended':
      return { outcome: { kind: 'pretend' }, cause: null }
    case 'not_begun':
      return { outcome: whenNotBegun(result.why), cause: null }
    case 'not_wanted':
      return { outcome: { kind: 'cancel' }, cause: null }
    case 'suppressed':
      return { outcome: { kind: 'suppress' }, cause: null }
    case 'expired':
      return { outcome: dead('expired'), cause: null }
    case 'not_rendered':
      return { outcome: dead('not_rendered'), cause: null }
    case 'failed':
      return whenFailed(input, result.failure)
    default:
      return result satisfies never
  }
}

function whenNotBegun(why: Extract<SendResult, { kind: 'not_begun' }>['why']): Outcome {
  switch (why) {
    case 'stopping':
      // Another worker may have it at once.
      return release(0)
    case 'hold_too_short':
      // After a fault of ours, not in a tight circle.
      return release(soonMs)
    case 'paused':
      return release(soonMs, { delayed: true })
    case 'first_route_only':
    case 'unknown_template':
    case 'unknown_key':
      return release(laterMs, { delayed: true })
    default:
      return why satisfies never
  }
}

const nextTry = (waitMs: number, mayHaveBeenDelivered: boolean): Outcome => ({
  kind: 'retry',
  delayMs: waitMs,
  mayHaveBeenDelivered,
})

function whenFailed(input: Parameters<typeof decide>[0], failure: Failure): Decision {
  const { retryCount, maxRetries, flagged, outages, rules, jitter } = input
  const verdict = classify(failure, input)
  const failedTries = retryCount + 1
  const delayMs = retryDelayMs(failedTries, rules.retryBaseMs, jitter)
  const tryAgain = (): Outcome =>
    failedTries > maxRetries ? dead('tries_used_up') : nextTry(Math.max(delayMs, verdict.retryAfterMs ?? 0), false)
  const outcome = ((): Outcome => {
    switch (verdict.class) {
      case 'ambiguous':
        // One more try, late: the server may still be working on the first copy. A second doubt is for a person.
        return flagged || input.onAmbiguous === 'hold' || failedTries > maxRetries
          ? dead('ambiguous', { mayHaveBeenDelivered: true })
          : nextTry(Math.max(delayMs, rules.ambiguousWaitMs), true)
      case 'permanent':
        return dead('refused')
      case 'suppress':
        return dead('refused', { suppressAddress: true })
      case 'transient':
        return tryAgain()
      case 'throttle':
      case 'quota':
        // How long everybody waits is the breaker's business; this one waits in the line. One that is told so again and again
        // while others pass waits by itself, longer each time: it must not stop everybody, and burns no try all the same.
        return isSuspect(verdict, failure.stage, outages)
          ? release(retryDelayMs(outages, rules.retryBaseMs, jitter), { delayed: true, inDoubtOfItself: true })
          : release(soonMs, { delayed: true, inDoubtOfItself: failure.stage !== 'connect' && !input.serverWasOut })
      case 'outage':
      case 'configuration':
        // Turned away at the door: it cannot be this mail's fault, and it waits in the line until mail flows again.
        if (failure.stage === 'connect') return release(soonMs, { delayed: true })
        // An outage may last for days, and must not use up the tries of those that find out whether it has ended.
        if (input.serverIsOut) return release(delayMs, { delayed: true })
        if (isSuspect(verdict, failure.stage, outages)) return tryAgain()
        return release(retryDelayMs(outages + 1, rules.retryBaseMs, jitter), { delayed: true, inDoubtOfItself: true })
      default:
        return verdict.class satisfies never
    }
  })()
  return { outcome, cause: verdict.cause }
}
