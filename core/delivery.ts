import type { DeadReason } from './message'
import { retryDelayMs } from './retry'

/** How far a conversation with the SMTP server had come. `dot`: the final dot of DATA had left. */
type Stage = 'connect' | 'envelope' | 'body' | 'dot'

/** What one try ended with, before anyone decides what follows from it. */
export type SendResult =
  /** The server answered 2xx to the final dot: the proof of acceptance. */
  | { kind: 'accepted'; reply: string }
  /** The server said no, with a reply code. Nothing was accepted. */
  | { kind: 'refused'; stage: Stage; code: number; reply: string }
  /** No reply, but the final dot had not left: nothing can have been accepted. */
  | { kind: 'broken'; stage: Exclude<Stage, 'dot'>; error: string }
  /** The line was lost after the final dot and before the reply: nobody can know. */
  | { kind: 'unknown'; error: string }
  /** The mail could not be made from its template and data. */
  | { kind: 'not_rendered'; error: string }
  /** Nobody wants it any more: the account that it was about is gone. */
  | { kind: 'not_wanted'; why: string }
  /** Given back before anything was sent: we are stopping, or the hold was too short to begin. */
  | { kind: 'not_begun'; why: 'stopping' | 'hold_too_short' }

export type Outcome =
  | { kind: 'sent' }
  | { kind: 'retry'; delayMs: number; mayHaveBeenDelivered: boolean }
  | { kind: 'release'; delayMs: number }
  | { kind: 'cancel' }
  | { kind: 'dead'; reason: DeadReason; mayHaveBeenDelivered: boolean }

export type DeliveryRules = { retryBaseMs: number; ambiguousWaitMs: number }

/**
 * What follows from one try. Pure: time and chance come in as arguments.
 * @param retryCount failed tries before this one
 * @param flagged the message is already marked `may_have_been_delivered`
 * @param jitter a random number from 0 (inclusive) to 1 (exclusive)
 */
export function decide(input: {
  result: SendResult
  retryCount: number
  maxRetries: number
  flagged: boolean
  rules: DeliveryRules
  jitter: number
}): Outcome {
  const { result, retryCount, maxRetries, rules } = input
  const failedTries = retryCount + 1
  const delayMs = retryDelayMs(failedTries, rules.retryBaseMs, input.jitter)

  switch (result.kind) {
    case 'accepted':
      return { kind: 'sent' }
    case 'not_begun':
      // Another worker may have it at once; after a fault of ours, not in a tight circle.
      return { kind: 'release', delayMs: result.why === 'stopping' ? 0 : 1_000 }
    case 'not_wanted':
      return { kind: 'cancel' }
    case 'not_rendered':
      return { kind: 'dead', reason: 'not_rendered', mayHaveBeenDelivered: false }
    case 'unknown':
      // One more try, late: the server may still be working on the first copy. A second doubt is for a person.
      return input.flagged || failedTries > maxRetries
        ? { kind: 'dead', reason: 'ambiguous', mayHaveBeenDelivered: true }
        : { kind: 'retry', delayMs: Math.max(delayMs, rules.ambiguousWaitMs), mayHaveBeenDelivered: true }
    case 'refused':
      // At `connect` the server refuses us (greeting, sign-in), not this mail.
      if (result.code >= 500 && result.stage !== 'connect')
        return { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false }
      break
    case 'broken':
      break
    default:
      return result satisfies never
  }
  return failedTries > maxRetries
    ? { kind: 'dead', reason: 'tries_used_up', mayHaveBeenDelivered: false }
    : { kind: 'retry', delayMs, mayHaveBeenDelivered: false }
}
