import { sameAddressKey } from '@/core/address'
import type { Route } from '@/core/breaker'
import { decide, type Decision, type SendResult } from '@/core/delivery'
import { messageIdHeader } from '@/core/message'
import type { EventDetail, Phases } from '@/core/sentences'
import type { Sql } from '@/db/client'
import { isDatabaseFault } from '@/db/failure'
import type { Held } from '@/db/hold'
import { mintLink } from '@/db/mint-link'
import { composeMail } from '@/emails/compose'
import { isTemplateName, type Secret, type TemplateName } from '@/emails/registry'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { CannotOpen, newToken, open } from '@/runtime/seal'
import type { Breakers } from './breakers'
import type { Holds } from './holds'
import type { Metrics } from './metrics'
import type { Settler } from './settler'
import type { SmtpPool } from './smtp'

/** How long a link lives from the try that carried it. */
const linkLifeMinutes = { welcome: 72 * 60, 'password-reset': 60 } as const

const carriesLink = (template: TemplateName): template is keyof typeof linkLifeMinutes =>
  Object.hasOwn(linkLifeMinutes, template)

export type Delivery = {
  config: Pick<
    WorkerConfig,
    'DELIVERY_MODE' | 'NEXTAUTH_URL' | 'SECRETS_KEYS' | 'RETRY_BASE_MS' | 'AMBIGUOUS_WAIT_MS' | 'SMTP_USER'
  >
  sql: Sql
  pools: ReadonlyMap<Route, Pick<SmtpPool, 'send' | 'host'>>
  breakers: Pick<Breakers, 'canGo' | 'route' | 'learn' | 'isOut'>
  holds: Pick<Holds, 'hasTimeLeft' | 'drop'>
  settler: Pick<Settler, 'settle'>
  metrics: Metrics
  log: Logger
  /** From 0 to 1: spreads the retries. */
  random: () => number
}

/** What came of a try, and by which route it went, if it got that far. `serverIsOut`: that route fails everybody. */
type Tried = {
  result: SendResult
  route: Route | null
  serverWasOut: boolean
  serverIsOut: boolean
  /** Where the time of the conversation went; null: there was none. */
  conversation: { startedAt: number; connect: number; data: number } | null
}

/** Render → send → decide → settle, for one message that is held. Resolves when the result is recorded. */
export async function deliver(held: Held, tools: Delivery): Promise<void> {
  try {
    await tryOnce(held, tools)
  } finally {
    // Also after a bug: a hold that is renewed for ever is a mail that nobody takes over.
    tools.holds.drop(held.hold)
  }
}

async function tryOnce(held: Held, tools: Delivery): Promise<void> {
  const startedAt = performance.now()
  const tried = await attempt(held, tools)
  const decision = decide({
    result: tried.result,
    retryCount: held.retryCount,
    maxRetries: held.maxRetries,
    flagged: held.mayHaveBeenDelivered,
    outages: held.outages,
    serverWasOut: tried.serverWasOut,
    serverIsOut: tried.serverIsOut,
    onAmbiguous: held.onAmbiguous,
    ownSender: isOwnSender(held, tools),
    rules: { retryBaseMs: tools.config.RETRY_BASE_MS, ambiguousWaitMs: tools.config.AMBIGUOUS_WAIT_MS },
    jitter: tools.random(),
  })
  const ms = Math.round(performance.now() - startedAt)
  say(held, tried, decision, ms, tools)
  await tools.settler.settle({
    messageId: held.messageId,
    hold: held.hold,
    outcome: decision.outcome,
    reply: wordsOf(tried.result),
    cause: decision.cause,
    detail: detailOf(held, tried, decision, ms, tools),
  })
}

const isOwnSender = (held: Held, { config }: Delivery): boolean =>
  sameAddressKey(held.fromAddress) === sameAddressKey(config.SMTP_USER)

const unsent = (result: SendResult): Tried => ({
  result,
  route: null,
  serverWasOut: false,
  serverIsOut: false,
  conversation: null,
})

async function attempt(held: Held, tools: Delivery): Promise<Tried> {
  if (held.expired) return unsent({ kind: 'expired' })
  if (held.suppressed) return unsent({ kind: 'suppressed', ...held.suppressed })
  // Deleted while an earlier try was under way: their mail is of no use to anybody. The template tells what a mail is
  // about; its type is the caller's word, and any plain mail may be called a welcome.
  if (held.template !== 'plain' && held.userId === null)
    return unsent({ kind: 'not_wanted', why: 'The account was deleted' })
  // Accepted by a newer web process: a newer worker will know it.
  if (!isTemplateName(held.template)) return unsent({ kind: 'not_begun', why: 'unknown_template' })
  const isPretended = isOnlyPretended(held, tools.config)
  if (!isPretended && !tools.breakers.canGo(held))
    return unsent({ kind: 'not_begun', why: held.mayHaveBeenDelivered ? 'first_route_only' : 'paused' })
  let content: string
  try {
    content = await compose(held, held.template, isPretended, tools)
  } catch (error) {
    if (error instanceof NotWanted) return unsent({ kind: 'not_wanted', why: error.message })
    // Postgres went away while a link was minted: nothing was sent, so it is simply given back.
    if (isDatabaseFault(error)) return unsent({ kind: 'not_begun', why: 'hold_too_short' })
    tools.log.error({ err: error, messageId: held.messageId, template: held.template }, 'The mail could not be made')
    // While keys are changed, or set wrong: another worker may hold the right one, or this one soon.
    if (error instanceof CannotOpen) return unsent({ kind: 'not_begun', why: 'unknown_key' })
    return unsent({ kind: 'not_rendered', error: error instanceof Error ? error.message : 'unknown' })
  }
  return isPretended ? unsent({ kind: 'pretended' }) : sendBySomeRoute(held, content, tools)
}

/** In the mode `test` nothing leaves, whatever was meant when it was accepted: a copy of a live database must not send either. */
export const isOnlyPretended = (held: Pick<Held, 'delivery'>, config: Pick<WorkerConfig, 'DELIVERY_MODE'>): boolean =>
  held.delivery === 'pretend' || config.DELIVERY_MODE === 'test'

/**
 * By the first route that is well. When it turns out not to be, nothing has left and another one is, by that one, in the same
 * try: the customer need not wait for the outage to end.
 */
async function sendBySomeRoute(held: Held, content: string, tools: Delivery): Promise<Tried> {
  const mail = { from: held.fromAddress, to: held.toAddress, content }
  const about = { ownSender: isOwnSender(held, tools), outages: held.outages }
  let tried = unsent({ kind: 'not_begun', why: 'paused' })
  for (;;) {
    const route = tools.breakers.route(held, tried.route)
    const pool = route ? tools.pools.get(route) : undefined
    if (!route || !pool) return tried
    const startedAt = Date.now()
    const began = performance.now()
    let bodyBegan: number | null = null
    const result = await pool.send(mail, () => {
      bodyBegan = performance.now()
      return tools.holds.hasTimeLeft(held.hold) ? null : 'hold_too_short'
    })
    const ended = performance.now()
    const conversation = {
      startedAt,
      connect: (bodyBegan ?? ended) - began,
      data: bodyBegan === null ? 0 : ended - bodyBegan,
    }
    const serverWasOut = tools.breakers.isOut(route)
    const signal = await tools.breakers.learn(route, held.messageId, result, about)
    tried = { result, route, serverWasOut, serverIsOut: tools.breakers.isOut(route), conversation }
    const isPaused = result.kind === 'not_begun' && result.why === 'paused'
    // Never after an ambiguous send: there a copy by another way is what nobody could recognise.
    const isTurnedAway = signal.kind === 'trouble' && signal.verdict.class !== 'ambiguous'
    if (!isPaused && !isTurnedAway) return tried
  }
}

/** Things changed while it waited for its turn, so that it must not be sent. */
class NotWanted extends Error {
  override name = 'NotWanted'
}

async function compose(held: Held, template: TemplateName, isPretended: boolean, tools: Delivery): Promise<string> {
  const secret = await secretOf(held, template, isPretended, tools)
  const { messageId, createdAt: date, fromAddress: from, toAddress: to, replyTo, subject, data } = held
  return composeMail({ messageId, date, from, to, replyTo, subject, template, data }, secret)
}

/** What only the mail itself may show: opened, or minted, for this try alone. */
async function secretOf(
  held: Held,
  template: TemplateName,
  isPretended: boolean,
  tools: Delivery,
): Promise<Secret | undefined> {
  if (held.sealed) return JSON.parse(open(held.sealed, held.messageId, tools.config.SECRETS_KEYS)) as Secret
  if (!carriesLink(template) || held.userId === null) return undefined
  const { token, hash } = newToken()
  // Read by nobody, so it opens nothing.
  if (isPretended) return linkSecret(token, new Date(), tools)
  const expiresAt = await mintLink(tools.sql, {
    tokenHash: hash,
    userId: held.userId,
    messageId: held.messageId,
    toAddress: held.toAddress,
    lifeMinutes: linkLifeMinutes[template],
  })
  if (!expiresAt) throw new NotWanted('The account was deleted or disabled, or has another address now')
  return linkSecret(token, expiresAt, tools)
}

/** In the fragment: it is never sent to a server, so it stands in no log. */
const linkSecret = (token: string, expiresAt: Date, { config }: Delivery): Secret => ({
  link: { url: `${new URL('/set-password', config.NEXTAUTH_URL).href}#${token}`, expiresAt },
})

function wordsOf(result: SendResult): string | null {
  switch (result.kind) {
    case 'accepted':
      return result.reply
    case 'failed':
      return result.failure.reply
    case 'not_rendered':
      return result.error
    case 'pretended':
    case 'not_begun':
    case 'not_wanted':
    case 'expired':
    case 'suppressed':
      return null
    default:
      return result satisfies never
  }
}

const isForAnotherWorker = (why: string): boolean => why === 'unknown_template' || why === 'unknown_key'

const stageOf = (result: SendResult): string | undefined =>
  result.kind === 'failed' ? result.failure.stage : result.kind === 'not_rendered' ? 'render' : undefined

function detailOf(
  held: Held,
  tried: Tried,
  { outcome, cause }: Decision,
  ms: number,
  { pools }: Delivery,
): EventDetail {
  const { result, route } = tried
  const took = phasesOf(held, tried)
  const reply = wordsOf(result)
  const stage = stageOf(result)
  return {
    attempt: held.retryCount + 1,
    partition: held.partition,
    offset: held.offset,
    ms,
    ...(took && { took }),
    ...(reply !== null && { reply }),
    ...(stage !== undefined && { stage }),
    ...(cause !== null && { cause }),
    // The first route is what everybody expects; another one is worth telling.
    ...(route === 'fallback' && { route, host: pools.get(route)?.host }),
    ...('mayHaveBeenDelivered' in outcome && outcome.mayHaveBeenDelivered && { flagged: true }),
    ...(outcome.kind === 'dead' && { reason: outcome.reason, ...(outcome.suppressAddress && { listed: true }) }),
    ...(result.kind === 'not_wanted' && { by: 'the system', reason: result.why }),
    ...(result.kind === 'suppressed' && { since: result.since, reason: result.reason }),
    ...(result.kind === 'not_begun' && isForAnotherWorker(result.why) && { reason: result.why }),
  }
}

const whole = (ms: number): number => Math.max(0, Math.round(ms))

/**
 * Where the time of this try went, from when it was due, in whole milliseconds. Clocks of several machines meet in it: what
 * would be less than nothing is nothing.
 */
function phasesOf({ dueAt, times }: Held, { conversation }: Tried): Phases | null {
  if (!times || !conversation) return null
  return {
    outbox: whole(times.producedAt - dueAt.getTime()),
    kafka: whole(times.receivedAt - times.producedAt),
    slot: whole(conversation.startedAt - times.receivedAt),
    connect: whole(conversation.connect),
    data: whole(conversation.data),
  }
}

/** One wide line for each attempt: everything that one needs to find it again, nothing that was in it. */
function say(held: Held, { result, route }: Tried, { outcome, cause }: Decision, ms: number, tools: Delivery): void {
  tools.metrics.attempts.inc({ outcome: outcome.kind })
  tools.metrics.attemptSeconds.observe(ms / 1000)
  const line = {
    offset: held.offset,
    partition: held.partition,
    messageId: held.messageId,
    messageIdHeader: messageIdHeader(held.messageId, held.fromAddress),
    type: held.type,
    template: held.template,
    from: held.fromAddress,
    to: held.toAddress,
    attempt: held.retryCount + 1,
    route: route ?? undefined,
    result: result.kind,
    why: result.kind === 'not_begun' ? result.why : undefined,
    stage: stageOf(result),
    outcome: outcome.kind,
    cause: cause ?? undefined,
    reply: wordsOf(result) ?? undefined,
    delayMs: 'delayMs' in outcome ? outcome.delayMs : undefined,
    reason: outcome.kind === 'dead' ? outcome.reason : undefined,
    ms,
  }
  if (outcome.kind === 'sent') {
    tools.log.info(line, `Email sent successfully: ID=${held.messageId}, To=${held.toAddress}, Type=${held.type}`)
  } else if (outcome.kind === 'pretend') {
    tools.log.info(line, `Email only pretended: ID=${held.messageId}, Type=${held.type}`)
  } else if (outcome.kind === 'release') {
    tools.log.info(line, `Email given back unsent: ID=${held.messageId}`)
  } else {
    tools.log.warn(
      line,
      `Email not sent: ID=${held.messageId}, To=${held.toAddress}, Type=${held.type}, ${outcome.kind}`,
    )
  }
}
