import { messageIdHeader } from '@/core/message'
import { decide, type Outcome, type SendResult } from '@/core/delivery'
import type { EventDetail } from '@/core/sentences'
import type { Sql } from '@/db/client'
import { isDatabaseFault } from '@/db/failure'
import type { Held } from '@/db/hold'
import { mintLink } from '@/db/mint-link'
import { buildMime } from '@/emails/mime'
import { isTemplateName, type Secret, type TemplateName } from '@/emails/registry'
import { renderEmail } from '@/emails/render'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { newToken, open } from '@/runtime/seal'
import type { Holds } from './holds'
import type { Metrics } from './metrics'
import type { Settler } from './settler'
import type { SmtpPool } from './smtp'

/** How long a link lives from the try that carried it. */
const linkLifeMinutes = { welcome: 72 * 60, 'password-reset': 60 } as const

export type Delivery = {
  config: Pick<WorkerConfig, 'NEXTAUTH_URL' | 'SECRETS_KEYS' | 'RETRY_BASE_MS' | 'AMBIGUOUS_WAIT_MS'>
  sql: Sql
  smtp: Pick<SmtpPool, 'send'>
  holds: Pick<Holds, 'hasTimeLeft' | 'drop'>
  settler: Pick<Settler, 'settle'>
  metrics: Metrics
  log: Logger
  /** From 0 to 1: spreads the retries. */
  random: () => number
}

/** Render → send → decide → settle, for one message that is held. Resolves when the result is recorded. */
export async function deliver(held: Held, tools: Delivery): Promise<void> {
  const startedAt = performance.now()
  const result = await attempt(held, tools)
  const outcome = decide({
    result,
    retryCount: held.retryCount,
    maxRetries: held.maxRetries,
    flagged: held.mayHaveBeenDelivered,
    rules: { retryBaseMs: tools.config.RETRY_BASE_MS, ambiguousWaitMs: tools.config.AMBIGUOUS_WAIT_MS },
    jitter: tools.random(),
  })
  const ms = Math.round(performance.now() - startedAt)
  say(held, result, outcome, ms, tools)
  await tools.settler.settle({
    messageId: held.messageId,
    hold: held.hold,
    outcome,
    reply: wordsOf(result),
    detail: detailOf(held, result, outcome, ms),
  })
  tools.holds.drop(held.hold)
}

async function attempt(held: Held, tools: Delivery): Promise<SendResult> {
  // Deleted while an earlier try was under way: their mail is of no use to anybody. The template tells what a mail is
  // about; its type is the caller's word, and any plain mail may be called a welcome.
  if (held.template !== 'plain' && held.userId === null) return { kind: 'not_wanted', why: 'The account was deleted' }
  let content: string
  try {
    content = await compose(held, tools)
  } catch (error) {
    // Postgres went away while a link was minted: nothing was sent, so it is simply given back.
    if (isDatabaseFault(error)) return { kind: 'not_begun', why: 'hold_too_short' }
    tools.log.error({ err: error, messageId: held.messageId, template: held.template }, 'The mail could not be made')
    return { kind: 'not_rendered', error: error instanceof Error ? error.message : 'unknown' }
  }
  return tools.smtp.send({ from: held.fromAddress, to: held.toAddress, content }, () =>
    tools.holds.hasTimeLeft(held.hold) ? null : 'hold_too_short',
  )
}

async function compose(held: Held, tools: Delivery): Promise<string> {
  const { template } = held
  if (!isTemplateName(template)) throw new Error(`There is no template "${template}".`)
  const secret = await secretOf(held, template, tools)
  const { html, text } = renderEmail({ template, data: held.data, secret })
  return buildMime({
    messageId: held.messageId,
    date: held.createdAt,
    from: held.fromAddress,
    fromName: 'Usual Store',
    to: held.toAddress,
    replyTo: held.replyTo ?? undefined,
    subject: held.subject,
    html,
    text,
  })
}

/** What only the mail itself may show: opened, or minted, for this try alone. */
async function secretOf(held: Held, template: TemplateName, tools: Delivery): Promise<Secret | undefined> {
  if (held.sealed) return JSON.parse(open(held.sealed, held.messageId, tools.config.SECRETS_KEYS)) as Secret
  if (template === 'plain' || held.userId === null) return undefined
  const { token, hash } = newToken()
  const expiresAt = await mintLink(tools.sql, {
    tokenHash: hash,
    userId: held.userId,
    messageId: held.messageId,
    lifeMinutes: linkLifeMinutes[template],
  })
  if (!expiresAt) throw new Error('The account is gone.')
  // In the fragment: it is never sent to a server, so it stands in no log.
  return { link: { url: `${new URL('/set-password', tools.config.NEXTAUTH_URL).href}#${token}`, expiresAt } }
}

function wordsOf(result: SendResult): string | null {
  switch (result.kind) {
    case 'accepted':
    case 'refused':
      return result.reply
    case 'broken':
    case 'unknown':
    case 'not_rendered':
      return result.error
    case 'not_begun':
    case 'not_wanted':
      return null
    default:
      return result satisfies never
  }
}

function detailOf(held: Held, result: SendResult, outcome: Outcome, ms: number): EventDetail {
  const reply = wordsOf(result)
  const stage = 'stage' in result ? result.stage : result.kind === 'not_rendered' ? 'render' : undefined
  return {
    attempt: held.retryCount + 1,
    partition: held.partition,
    offset: held.offset,
    ms,
    ...(reply !== null && { reply }),
    ...(stage !== undefined && { stage }),
    ...('mayHaveBeenDelivered' in outcome && outcome.mayHaveBeenDelivered && { flagged: true }),
    ...(outcome.kind === 'dead' && { reason: outcome.reason }),
    ...(result.kind === 'not_wanted' && { by: 'the system', reason: result.why }),
  }
}

/** One wide line for each attempt: everything that one needs to find it again, nothing that was in it. */
function say(held: Held, result: SendResult, outcome: Outcome, ms: number, tools: Delivery): void {
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
    result: result.kind,
    outcome: outcome.kind,
    reply: wordsOf(result) ?? undefined,
    delayMs: outcome.kind === 'retry' ? outcome.delayMs : undefined,
    reason: outcome.kind === 'dead' ? outcome.reason : undefined,
    ms,
  }
  if (outcome.kind === 'sent') {
    tools.log.info(line, `Email sent successfully: ID=${held.messageId}, To=${held.toAddress}, Type=${held.type}`)
  } else if (outcome.kind === 'release') {
    tools.log.info(line, `Email given back unsent: ID=${held.messageId}`)
  } else {
    tools.log.warn(
      line,
      `Email not sent: ID=${held.messageId}, To=${held.toAddress}, Type=${held.type}, ${outcome.kind}`,
    )
  }
}
