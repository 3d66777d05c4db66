import type { Delivery } from './delivery-mode'
import { crashLimit, type DeadReason, type Status } from './message'
import { causeOfServer, causeSentence, knownCause } from './smtp-failure'
import type { MessageEventKind, TimelineEntry } from './views'

/**
 * Everything staff read about a message, in one place. "Accepted", never "delivered" or "read": the server's 250 is all
 * that we know. How instants are written is the caller's choice (UTC in the API, local time in the browser).
 */
export type Words = {
  /** After "at", "since" or "by": `14:02`, `14:02 on 3 Nov`. */
  time: (instant: string) => string
  /** After "since": `3 Nov`. */
  day: (instant: string) => string
  smtpHost: string
}

export type MessageFacts = {
  status: Status
  retryCount: number
  maxRetries: number
  dueAt: string
  sentAt: string | null
  closedAt: string | null
  deadReason: DeadReason | null
  mayHaveBeenDelivered: boolean
  delivery: Delivery
  lastReply: string | null
  /** What the last reply means: a `Cause` of smtp-failure.ts; null also where an older version wrote the row. */
  lastCause: string | null
  /** The host of the second route, when the last try went that way. */
  routeHost: string | null
  /** People gave it all its tries again: those before are not counted. */
  wasPutBack: boolean
  waitingForKafkaSince: string | null
  /** It is due, and waits only because sending is paused. */
  delayedSince: string | null
  /** Its time has not come: scheduled, or between two tries. */
  dueLater: boolean
  /** It is not sent after this. */
  expiresAt: string
  /** Since when its address has been on the suppression list; null when it was taken off meanwhile. */
  suppressedSince: string | null
}

const earlierTry = 'We cannot be sure. An earlier try may have been delivered.'

const isReply = (reply: string | null): reply is string => reply !== null && /^[45]\d\d/.test(reply)

const tries = (count: number) => (count === 1 ? '1 try' : `${count} tries`)

/** The answer to "did they get it?", first word first. */
export function summarise(message: MessageFacts, words: Words): string {
  const { time, smtpHost } = words
  const doubt = message.mayHaveBeenDelivered
  /** Who answered last. Before that, and next time, it may be the other one. */
  const host = message.routeHost ?? smtpHost
  const pretended = message.delivery === 'pretend' ? pretendedSummary(message, words) : null
  if (pretended) return pretended
  const delayed = message.delayedSince ? `Delayed since ${time(message.delayedSince)} by a fault of ours.` : null
  switch (message.status) {
    case 'queued':
      if (message.delivery === 'held')
        return 'Not yet. It is held, because this address is not on the guest list: staff can release it, or cancel it.'
      if (doubt) {
        const again = delayed ? 'goes out again when mail flows' : 'is being sent again'
        // Put back by people after a try of which nobody knows, it has a cause; a lost worker leaves none.
        const lost =
          message.lastCause === null
            ? 'A worker was lost while it sent this mail'
            : 'An earlier try may have been delivered'
        return `We cannot be sure. ${lost}; it ${again}, and a second copy is possible.`
      }
      if (delayed) return `Not yet. ${delayed}`
      if (message.waitingForKafkaSince)
        return `Not yet. It has been waiting for Kafka since ${time(message.waitingForKafkaSince)} and goes out by itself when Kafka is back.`
      // It was given back after a try, or put back by people.
      if (message.lastCause !== null || message.lastReply !== null)
        return `Not yet. ${whatFailed(message, host)} ${message.dueLater ? `The next try is due at ${time(message.dueAt)}.` : 'It is tried again now.'}`
      return message.dueLater
        ? `Not yet. It is waiting until ${time(message.dueAt)}, as asked.`
        : 'Not yet. It is waiting for its turn.'
    case 'sending':
      return doubt
        ? `We cannot be sure. It is being handed to ${smtpHost} again, and a second copy is possible.`
        : `Not yet. It is being handed to ${smtpHost} now.`
    case 'retrying': {
      const next =
        delayed ?? `Try ${message.retryCount + 1} of ${message.maxRetries + 1} is due at ${time(message.dueAt)}.`
      // The last try failed for a reason that is known: the doubt is left over from an earlier one.
      if (doubt && isKnownFailure(message)) return `${earlierTry} ${whatFailed(message, host)} ${next}`
      if (doubt) return `We cannot be sure. The line broke after the mail had left and before the reply came. ${next}`
      return delayed ? `Not yet. ${delayed}` : `Not yet. ${whatFailed(message, host)} ${next}`
    }
    case 'sent':
      return `Yes${doubt ? ',' : '.'} ${host} accepted it at ${time(message.sentAt ?? message.dueAt)}${doubt ? '; a second copy is possible.' : '.'}`
    case 'dead':
      return whyDead(message, host, words)
    case 'cancelled':
      if (doubt) return `${earlierTry} It was cancelled at ${time(message.closedAt ?? message.dueAt)}.`
      return `No. It was cancelled at ${time(message.closedAt ?? message.dueAt)}${triesBefore(message)}.`
    case 'suppressed':
      return message.suppressedSince
        ? `Not sent: this address has been on the suppression list since ${words.day(message.suppressedSince)}.`
        : 'Not sent: this address was on the suppression list.'
    default:
      return message.status satisfies never
  }
}

/** While nothing went wrong with it; else it is told like any other. Never that a server has seen it. */
function pretendedSummary(message: MessageFacts, { time }: Words): string | null {
  const before = message.mayHaveBeenDelivered ? 'An earlier try may have been delivered. ' : ''
  switch (message.status) {
    case 'queued':
    case 'sending':
      return before
        ? `We cannot be sure. ${before}It is on its way again, and is only pretended this time.`
        : 'Not yet. It is on its way, and is only pretended: no mail server is going to see it.'
    case 'sent':
      return before
        ? `We cannot be sure. ${before}The last one was only pretended, at ${time(message.sentAt ?? message.dueAt)}.`
        : `Not sent: it was only pretended, at ${time(message.sentAt ?? message.dueAt)}. No mail server has seen it.`
    case 'retrying':
    case 'dead':
    case 'cancelled':
    case 'suppressed':
      return null
    default:
      return message.status satisfies never
  }
}

function isKnownFailure(message: MessageFacts): boolean {
  const cause = knownCause(message.lastCause)
  return cause ? cause !== 'lost_after_dot' : isReply(message.lastReply)
}

function whyDead(message: MessageFacts, host: string, words: Words): string {
  const no = message.mayHaveBeenDelivered ? earlierTry : 'No.'
  switch (message.deadReason) {
    case 'ambiguous':
      return 'We cannot be sure. The line broke after the mail had left and before the reply came. Nothing is sent again by itself.'
    case 'expired':
      return `${no} It could not be sent by ${words.time(message.expiresAt)} and was given up: after that it would have been too old.`
    case 'crash_loop':
      return `We cannot be sure. ${crashLimit} times a worker was lost while it sent this mail. Nothing is sent again by itself.`
    case 'not_rendered':
      return `${no} The mail could not be made from its template.${ownSentence(message.lastReply)}`
    case 'tries_used_up':
      return `${no} ${whatFailed(message, host)} All ${tries(message.maxRetries + 1)} are used up.`
    case 'refused':
    case null:
      return `${no} ${whyRefused(message, host)}. There ${message.retryCount === 0 ? 'was 1 try' : `were ${tries(message.retryCount + 1)}`}${message.wasPutBack ? ' since it was put back' : ''}.`
    default:
      return message.deadReason satisfies never
  }
}

/** What was put back by people begins to count anew, so none does not mean that there was none. */
function triesBefore({ retryCount, lastCause, lastReply }: MessageFacts): string {
  if (retryCount > 0) return ` after ${tries(retryCount)}`
  return lastCause === null && lastReply === null ? ', before any try' : ''
}

function whyRefused({ lastCause, lastReply }: MessageFacts, host: string): string {
  const cause = knownCause(lastCause)
  return cause ? causeOfServer(cause, host) : `${host} refused it: ${meaning(lastReply) ?? 'no reason was given'}`
}

/** Our own refusals are sentences; the errors of libraries often are not, and stand in the timeline only. */
const ownSentence = (error: string | null) => (error && /^[A-Z].*\.$/.test(error) ? ` ${error}` : '')

/** What a reply says, in plain words, for rows without a cause; null when it has no meaning that we know for sure. */
export function meaning(reply: string | null): string | null {
  if (!reply) return null
  const code = /^(\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3}))?/.exec(reply)
  switch (code?.[2]) {
    case '5.1.1':
      return 'the mailbox does not exist'
    case '5.1.2':
      return 'the part after the @ does not exist'
    case '5.2.2':
    case '4.2.2':
      return 'their mailbox is full'
    case '5.3.4':
      return 'the mail is too big for it'
    case undefined:
    default:
      return code ? `it answered ${code[1]}` : null
  }
}

function whatFailed({ lastCause, lastReply: reply }: MessageFacts, smtpHost: string): string {
  const cause = knownCause(lastCause)
  if (cause) return `${causeOfServer(cause, smtpHost)}.`
  if (reply && /^4\d\d/.test(reply)) return `${smtpHost} asked us to come back later.`
  if (isReply(reply)) return `${smtpHost} turned us away: ${meaning(reply)}.`
  return `${smtpHost} could not be reached or broke off.`
}

/**
 * Where the time of one try went, in milliseconds: until its record was published; in Kafka; until a worker had a free slot and
 * the mail was made; until the server was ready for the text; and from there to its answer.
 */
export const phases = ['outbox', 'kafka', 'slot', 'connect', 'data'] as const
export type Phases = Record<(typeof phases)[number], number>

/** An event's stored detail; every field is optional, for rows that an older version wrote. */
export type EventDetail = {
  by?: string
  attempt?: number
  tries?: number
  partition?: number
  offset?: number
  reply?: string
  stage?: string
  dueAt?: string
  reason?: string
  flagged?: boolean
  ms?: number
  took?: Phases
  /** A `Cause` of smtp-failure.ts. */
  cause?: string
  /** Which SMTP route it went by; absent is the primary one. */
  route?: 'primary' | 'fallback'
  /** The host of that route. */
  host?: string
  /** dead: its address entered the suppression list by this. */
  listed?: boolean
  /** suppressed: since when the address has been on the list. */
  since?: string
  /** resent: the new message; accepted: the one that it is sent again for. */
  otherId?: string
  /** accepted: not to be sent before then. */
  sendAt?: string
  /** retried: only made due at once; the tries before still count. */
  triesKept?: boolean
  /** accepted: what becomes of it, when it is not simply sent. */
  delivery?: 'held' | 'pretend'
  /** accepted: by which record it came, when another producer put it on the topic. */
  source?: 'kafka'
}

/** One line of the story. `at` is passed through; instants inside are written by `words.time`. */
export function tell(entry: { at: string; event: MessageEventKind; detail: EventDetail }, words: Words): TimelineEntry {
  const { at, event, detail } = entry
  const host = detail.host ?? words.smtpHost
  const cause = knownCause(detail.cause)
  const line = (sentence: string, tone: TimelineEntry['tone'], second: string | null = null): TimelineEntry => ({
    at,
    event,
    sentence,
    detail: second,
    reply: detail.reply ?? null,
    tone,
    took: detail.took ?? null,
  })
  const place = detail.partition === undefined ? null : `Kafka partition ${detail.partition}, offset ${detail.offset}`
  const attempt = `Try ${detail.attempt ?? 1}`
  const bySecondRoute = detail.route === 'fallback' ? 'by the second route' : null
  switch (event) {
    case 'accepted':
      return line(
        whoAsked(detail),
        'fact',
        `Saved, and from here on never lost${detail.sendAt ? '; to be sent later' : ''}${detail.delivery ? `; ${insteadOfSending[detail.delivery]}` : ''}`,
      )
    case 'kafka_unreachable':
      return line('Kafka could not be reached', 'wait', 'It waits, and is handed over as soon as Kafka is back')
    case 'sending':
      return line(`${attempt}: being handed to ${host}`, 'now', place)
    case 'sent':
      return line(
        `${host} accepted it`,
        'good',
        [attempt, bySecondRoute, place, detail.ms === undefined ? null : `${detail.ms} ms`].filter(Boolean).join(', '),
      )
    case 'try_failed':
      return line(
        `${attempt}: ${detail.flagged ? 'the line broke after the mail had left' : failed(detail, host)}`,
        detail.flagged ? 'unsure' : 'wait',
        sentence([bySecondRoute, detail.dueAt ? `the next try is due at ${words.time(detail.dueAt)}` : place]),
      )
    case 'dead':
      if (detail.reason === 'expired')
        return line('It could not be sent in time, and is too old now', 'stop', 'Given up; a notice is on email-dlq')
      return line(
        `${attempt}: ${detail.flagged ? 'the line broke after the mail had left' : failed(detail, host)}`,
        detail.flagged ? 'unsure' : 'stop',
        detail.listed
          ? 'Given up, and the address is on the suppression list now; a notice is on email-dlq'
          : 'Given up; a notice is on email-dlq',
      )
    case 'released':
      return line('Given back before it was sent', 'fact', 'The worker was stopping; no try was used')
    case 'worker_lost':
      return line(
        'The worker was lost while it sent this mail',
        'unsure',
        detail.reason === 'crash_loop'
          ? 'Given up: it has happened too often'
          : 'It is sent again; a second copy is possible',
      )
    case 'proven_sent':
      return line(`${host} had accepted it after all`, 'good', 'The proof came late; nothing more is sent')
    case 'cancelled':
      return line(`Cancelled by ${detail.by ?? 'somebody'}`, 'calm', detail.reason ?? null)
    case 'delayed':
      return line(
        `Given back: ${cause ? lowerFirst(causeSentence(cause)) : whyGivenBack(detail.reason)}`,
        'wait',
        'It keeps its place; no try was used',
      )
    case 'suppressed':
      return line(
        'Not sent: this address is on the suppression list',
        'calm',
        sentence([whySuppressed(detail.reason), detail.since ? `on it since ${words.day(detail.since)}` : null]),
      )
    case 'pretended':
      return line('Only pretended: the mail was made, and not sent', 'calm', 'No mail server has seen it')
    case 'let_go':
      return line(`Released by ${detail.by ?? 'somebody'}`, 'fact', 'It is sent like any other mail')
    case 'retried':
      return detail.triesKept
        ? line(`${detail.by ?? 'Somebody'} asked for the next try at once`, 'fact', 'The tries before still count')
        : line(`Put back by ${detail.by ?? 'somebody'}`, 'fact', 'With all its tries again')
    case 'resent':
      return line(`Sent again by ${detail.by ?? 'somebody'}`, 'fact', 'As a new message')
    default:
      return event satisfies never
  }
}

const insteadOfSending = {
  held: 'held until staff release it, because the address is not on the guest list',
  pretend: 'it is only pretended, and never sent',
}

const lowerFirst = (words: string) => words.charAt(0).toLowerCase() + words.slice(1)

/** The parts that there are, as one sentence without a full stop. */
function sentence(parts: (string | null)[]): string | null {
  const whole = parts.filter(Boolean).join('; ')
  return whole ? whole.charAt(0).toUpperCase() + whole.slice(1) : null
}

function whoAsked({ by, source, otherId }: EventDetail): string {
  if (source === 'kafka') return 'Another service put this mail on the Kafka topic'
  return otherId
    ? `${by ?? 'Somebody'} asked for this mail to be sent again`
    : `${by ?? 'Somebody'} asked for this mail`
}

function whyGivenBack(reason: string | undefined): string {
  switch (reason) {
    case 'unknown_template':
      return 'only a newer worker knows its template'
    case 'unknown_key':
      return 'this worker does not hold the key that its secret is sealed with; check SECRETS_KEYS'
    case undefined:
    default:
      return 'sending is paused'
  }
}

function whySuppressed(reason: string | undefined): string | null {
  switch (reason) {
    case 'hard_bounce':
      return 'a mail server had said that nobody can be reached there'
    case 'manual':
      return 'entered by staff'
    case undefined:
    default:
      return reason || null
  }
}

function failed(detail: EventDetail, smtpHost: string): string {
  const reply = detail.reply ?? null
  if (detail.stage === 'render') return 'the mail could not be made from its template'
  const cause = knownCause(detail.cause)
  if (cause) return causeOfServer(cause, smtpHost)
  if (reply && /^4\d\d/.test(reply)) return 'asked to come back later'
  if (isReply(reply) && detail.stage === 'connect') return `${smtpHost} turned us away: ${meaning(reply)}`
  if (isReply(reply)) return `${smtpHost} refused it: ${meaning(reply)}`
  return `${smtpHost} could not be reached or broke off`
}
