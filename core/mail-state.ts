import type { BreakerKind, BreakerState, Route } from './breaker'
import type { Words } from './sentences'
import { causeSentence, knownCause, type Cause } from './smtp-failure'

/** A row of `breakers`, with its instant as RFC 3339. */
export type BreakerFacts = {
  route: Route
  state: BreakerState
  kind: BreakerKind | null
  cause: string | null
  openedAt: string | null
}

export type MailState = {
  /** second_route: the first one is out of order, and mail goes by the other. */
  state: 'flowing' | 'delayed' | 'second_route'
  /** Since when the first route has failed, or nothing has been sent; null while all is well, and when only the day's rate is used up. */
  since: string | null
  /** Messages that are due and wait. */
  waiting: number
  /** What is wrong. day_rate: the day's share of SEND_RATE is used up. */
  kind: BreakerKind | 'day_rate' | null
  /** For staff: what is so, how many wait, why, and what to do. */
  sentence: string
}

/**
 * Whether mail flows, told from what all workers share.
 * @param facts.waiting messages that are due and not held
 * @param facts.dayRateUsedUpUntil when the day's share of SEND_RATE is used up: until when
 */
export function mailState(
  facts: { breakers: readonly BreakerFacts[]; waiting: number; dayRateUsedUpUntil: string | null },
  words: Pick<Words, 'time'>,
): MailState {
  const { waiting } = facts
  const primary = facts.breakers.find((breaker) => breaker.route === 'primary')
  const second = facts.breakers.find((breaker) => breaker.route === 'fallback')
  const isOpen = primary !== undefined && primary.state !== 'closed'

  if (isOpen && second?.state !== 'closed') {
    // With a second route, mail flowed until that failed as well.
    const since = latest(primary.openedAt, second?.openedAt ?? null)
    const sentence = `Mail has been delayed${since ? ` since ${words.time(since)}` : ''}. ${waitingWords(waiting)} ${why(primary)}`
    return { state: 'delayed', since, waiting, kind: primary.kind, sentence }
  }
  if (facts.dayRateUsedUpUntil) {
    const sentence = `Mail is delayed until ${words.time(facts.dayRateUsedUpUntil)}. ${waitingWords(waiting)} The day's share of SEND_RATE is used up.`
    return { state: 'delayed', since: null, waiting, kind: 'day_rate', sentence }
  }
  if (isOpen) {
    const since = primary.openedAt
    const sentence = `Mail has gone by the second route${since ? ` since ${words.time(since)}` : ''}, and none is lost. ${why(primary)}`
    return { state: 'second_route', since, waiting, kind: primary.kind, sentence }
  }
  return { state: 'flowing', since: null, waiting, kind: null, sentence: 'Mail flows.' }
}

function latest(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return Date.parse(one) > Date.parse(other) ? one : other
}

/** How many wait, and that none is lost. */
export function waitingWords(count: number): string {
  if (count === 0) return 'No mail is waiting.'
  if (count === 1) return '1 mail is waiting, and is not lost.'
  return `${count.toLocaleString('en-GB')} mails are waiting, none lost.`
}

/** The sentence of the cause, and what a person can do about it, where a person can. */
function why({ kind, cause }: BreakerFacts): string {
  const known = knownCause(cause) ?? (kind && causeOfKind[kind])
  if (!known) return 'The mail server does not take mail.'
  const remedy = remedies[known]
  return remedy ? `${causeSentence(known)}: ${remedy}.` : `${causeSentence(known)}.`
}

/** For a row without a cause, or with one that another version wrote. */
const causeOfKind: Record<BreakerKind, Cause | null> = {
  outage: null,
  throttle: 'too_fast',
  configuration: 'settings_wrong',
  quota: 'quota_used_up',
}

const signIn = 'check SMTP_USERNAME and SMTP_PASSWORD'
const remedies: Partial<Record<Cause, string>> = {
  credentials_refused: signIn,
  sign_in_needed: signIn,
  sign_in_not_offered: `${signIn}, and SMTP_PORT`,
  relay_denied: `${signIn}, or ask its provider to let us send`,
  tls_failed: 'check SMTP_PORT, SMTP_SECURE and SMTP_REQUIRE_TLS',
  certificate_invalid: 'check SMTP_HOST, or have the certificate renewed',
  settings_wrong: 'check those that begin with SMTP_',
  server_name_unknown: 'check SMTP_HOST',
  server_unreachable: 'if it stays so, check SMTP_HOST and SMTP_PORT',
  sender_refused: 'check SMTP_USER',
  dns_auth_failed: 'check the DNS records of the domain of SMTP_USER',
  blocked_by_server: 'ask its provider why',
  quota_used_up: 'it goes on when the provider allows more, and is tried every few minutes',
  too_fast: 'it goes on by itself, more slowly; SEND_RATE sets the pace',
}
