import { meaning, summarise, type MessageFacts, type Words } from '@/core/sentences'
import { causeSentence, knownCause } from '@/core/smtp-failure'
import type { MessageListItem } from '@/core/views'
import { span } from './format-time'
import { shownStatus } from './status'
import type { Tone } from './tokens'

/** What a page says of a message, told from what the API answers. Pure: words and clock come in as arguments. */

type Facts = Omit<MessageListItem, 'summary'>

const isDueLater = (message: Facts, now: number) => message.status === 'queued' && Date.parse(message.due_at) > now

const factsOf = (message: Facts, now: number): MessageFacts => ({
  status: message.status,
  retryCount: message.retry_count,
  maxRetries: message.max_retries,
  dueAt: message.due_at,
  sentAt: message.sent_at,
  closedAt: message.closed_at,
  deadReason: message.dead_reason,
  mayHaveBeenDelivered: message.may_have_been_delivered,
  delivery: message.delivery,
  lastReply: message.last_reply,
  lastCause: message.last_cause,
  routeHost: message.route_host,
  wasPutBack: message.was_put_back,
  waitingForKafkaSince: message.waiting_for_kafka_since,
  delayedSince: message.delayed_since,
  dueLater: isDueLater(message, now),
  expiresAt: message.expires_at,
  suppressedSince: message.suppressed_since,
})

/** The same sentence as the API's `summary`, with the reader's own times in it. */
export const summaryOf = (message: Facts, words: Words, now: number): string => summarise(factsOf(message, now), words)

export type Answer = { lead: string; rest: string; tone: Tone }

const leadPattern = /^(Yes|Not yet|No|We cannot be sure|Not sent)[.,:]/
const tones: Record<string, Tone> = {
  Yes: 'good',
  'Not yet': 'wait',
  No: 'stop',
  'We cannot be sure': 'unsure',
  'Not sent': 'calm',
}

/** The first words carry the tone: what was cancelled or only waits for its turn is no failure. */
export function answerOf(message: Facts, words: Words, now: number): Answer {
  const summary = summaryOf(message, words, now)
  const lead = leadPattern.exec(summary)
  if (!lead?.[1]) return { lead: '', rest: summary, tone: 'calm' }
  const tone = message.status === 'sending' ? 'now' : message.status === 'cancelled' ? 'calm' : tones[lead[1]]
  const isHeldUp = message.waiting_for_kafka_since ?? message.delayed_since
  const isInTurn =
    message.status === 'queued' &&
    !isHeldUp &&
    !hasFailed(message) &&
    message.delivery !== 'held' &&
    lead[1] === 'Not yet'
  return { lead: lead[0], rest: summary.slice(lead[0].length).trim(), tone: isInTurn ? 'calm' : (tone ?? 'calm') }
}

/** It was tried, and given back or put back since. */
const hasFailed = ({ last_cause, last_reply }: Facts): boolean => last_cause !== null || last_reply !== null

const sentenceCase = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

/** The short form for a list: what happens now, or what came of it. */
export function whatHappens(message: Facts, words: Words, now: number): string {
  const { status } = message
  const delayed = message.delayed_since ? `Delayed since ${words.time(message.delayed_since)}` : null
  if (shownStatus(message) === 'may_have_been_delivered' && status === 'dead')
    return message.dead_reason === 'crash_loop'
      ? 'Workers were lost while sending it'
      : 'The line broke before the reply'
  switch (status) {
    case 'queued':
      if (message.delivery === 'held') return 'Held until staff release it'
      if (delayed) return delayed
      if (message.waiting_for_kafka_since)
        return `Waiting for Kafka since ${words.time(message.waiting_for_kafka_since)}`
      if (hasFailed(message)) {
        const wait = Date.parse(message.due_at) - now
        return wait > 0 ? `Tried again in ${span(wait)}` : 'Tried again now'
      }
      return isDueLater(message, now) ? `Waiting until ${words.time(message.due_at)}` : 'Waiting for its turn'
    case 'sending':
      return message.delivery === 'pretend' ? 'Only pretended' : `Being handed to ${words.smtpHost}`
    case 'retrying': {
      if (delayed) return delayed
      const next = `Try ${message.retry_count + 1} of ${message.max_retries + 1}`
      const wait = Date.parse(message.due_at) - now
      return wait > 0 ? `${next} in ${span(wait)}` : `${next} is due now`
    }
    case 'sent':
      if (message.delivery === 'pretend') return `Only pretended, at ${words.time(message.sent_at ?? message.due_at)}`
      return message.may_have_been_delivered
        ? `Accepted at ${words.time(message.sent_at ?? message.due_at)}; a second copy is possible`
        : `Accepted at ${words.time(message.sent_at ?? message.due_at)}`
    case 'dead':
      return whyDead(message, words)
    case 'cancelled':
      if (message.retry_count === 0) return hasFailed(message) ? 'Cancelled' : 'Cancelled before any try'
      return `Cancelled after ${message.retry_count} ${message.retry_count === 1 ? 'try' : 'tries'}`
    case 'suppressed':
      return message.suppressed_since
        ? 'The address is on the suppression list'
        : 'The address was on the suppression list'
    default:
      return status satisfies never
  }
}

function whyDead(message: Facts, words: Words): string {
  switch (message.dead_reason) {
    case 'not_rendered':
      return 'The template could not be filled'
    case 'tries_used_up':
      return `All ${message.max_retries + 1} tries failed`
    case 'expired':
      return 'It was too old to be sent'
    case 'refused':
    case 'ambiguous':
    case 'crash_loop':
    case null: {
      const cause = knownCause(message.last_cause)
      const plain = cause ? causeSentence(cause) : meaning(message.last_reply)
      return plain ? sentenceCase(plain) : `${message.route_host ?? words.smtpHost} refused it`
    }
    default:
      return message.dead_reason satisfies never
  }
}

export type Step = { label: string; detail: string; state: 'done' | 'now' | 'wait' | 'unsure' | 'stop' | 'to-come' }

const step = (label: string, state: Step['state'], detail = ''): Step => ({ label, state, detail })
const ordinals = ['First', 'Second', 'Third', 'Fourth']
const tryLabel = (number: number) => (ordinals[number - 1] ? `${ordinals[number - 1]} try` : `Try ${number}`)

/** The short form of the timeline: Saved → In Kafka → First try → Accepted. */
export function pathOf(message: Facts, words: Words, now: number): Step[] {
  const { status } = message
  const saved = step('Saved', 'done', words.time(message.created_at))
  const inKafka = step('In Kafka', 'done')
  const current = tryLabel(message.retry_count + 1)
  const accepted = step('Accepted', 'to-come', 'not yet')
  if (shownStatus(message) === 'may_have_been_delivered' && status !== 'retrying')
    return [saved, inKafka, step(current, 'unsure', 'the line broke'), step('Accepted', 'unsure', 'not known')]
  switch (status) {
    case 'queued':
      if (message.delivery === 'held') return [saved, step('Held', 'wait', 'until released'), accepted]
      if (message.delayed_since) return [saved, inKafka, step(current, 'wait', 'delayed'), accepted]
      return message.waiting_for_kafka_since
        ? [saved, step('In Kafka', 'wait', 'waiting'), step(current, 'to-come', 'not yet'), accepted]
        : hasFailed(message)
          ? [saved, inKafka, step(current, 'wait', 'the line broke'), step('Accepted', 'to-come', 'tried again')]
          : [saved, step('In Kafka', 'now', 'its turn comes'), step(current, 'to-come', 'not yet'), accepted]
    case 'sending':
      return [saved, inKafka, step(current, 'now', 'now'), step('Accepted', 'to-come', 'any moment')]
    case 'retrying': {
      const wait = Date.parse(message.due_at) - now
      const failed = message.may_have_been_delivered ? 'unsure' : 'wait'
      return [
        saved,
        inKafka,
        step(
          tryLabel(message.retry_count),
          failed,
          message.may_have_been_delivered ? 'the line broke' : 'not accepted',
        ),
        message.delayed_since
          ? step(current, 'wait', 'delayed')
          : step(current, 'to-come', wait > 0 ? `in ${span(wait)}` : 'now'),
      ]
    }
    case 'sent':
      if (message.delivery === 'pretend') return [saved, inKafka, step('Pretended', 'done', 'not sent')]
      return [
        saved,
        inKafka,
        step(current, 'done'),
        step('Accepted', 'done', since(message.created_at, message.sent_at)),
      ]
    case 'dead':
      if (message.dead_reason === 'expired')
        return [saved, inKafka, step(current, 'stop', 'too old'), step('Accepted', 'stop', 'given up')]
      return [saved, inKafka, step(current, 'stop', 'not accepted'), step('Accepted', 'stop', 'given up')]
    case 'cancelled':
    case 'suppressed':
      return [saved, step('Not sent', 'stop', status)]
    default:
      return status satisfies never
  }
}

/** `+44 ms`, `+2.1 s`: how long after it was asked for. */
function since(from: string, to: string | null): string {
  if (to === null) return ''
  const ms = Math.max(0, Date.parse(to) - Date.parse(from))
  if (ms < 1000) return `+${ms} ms`
  return ms < 60_000 ? `+${(ms / 1000).toFixed(1)} s` : `+${span(ms)}`
}
