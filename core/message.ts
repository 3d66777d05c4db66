/**
 * What a message is doing, as people see it.
 *
 * - `queued`     written by a use case; waits for its turn. A hold moves it on. A crash leaves it queued: its outbox row rings.
 * - `sending`    set by the hold of one worker. Settle moves it on; if that worker dies, the relay finds the expired hold,
 *                flags the message and queues it again.
 * - `retrying`   set by settle after a failed try; the next is due at `due_at`.
 * - `sent`       set by settle after the server's 250. Final.
 * - `dead`       set by settle, or after five crashes: given up, with a reason; its notice goes to `email-dlq`. Final, but for
 *                a late proof of acceptance, which always wins, and for people, who may put it back with all its tries.
 * - `cancelled`  set by people while nobody holds it. Final.
 * - `suppressed` the address is on the suppression list. Final.
 */
export const statuses = ['queued', 'sending', 'retrying', 'sent', 'dead', 'cancelled', 'suppressed'] as const
export type Status = (typeof statuses)[number]

/**
 * What lists are filtered by: the statuses, and besides them what may have been delivered already while nobody can know,
 * whatever its status; what was accepted, or is being sent right now, is not among them.
 */
export const listedStatuses = [...statuses, 'may_have_been_delivered'] as const

export const isFinal = (status: Status): boolean => !['queued', 'sending', 'retrying'].includes(status)

export const messageTypes = ['welcome', 'password_reset', 'notification'] as const
export type MessageType = (typeof messageTypes)[number]

export const priorities = ['high', 'normal', 'low'] as const
export type Priority = (typeof priorities)[number]

/** Kept as a number in Postgres, so that an index can order by it. */
export const priorityRank = (priority: Priority): number => priorities.indexOf(priority)
export const priorityOfRank = (rank: number): Priority => priorities[rank] ?? 'normal'

/** Why a message was given up. */
export const deadReasons = ['refused', 'tries_used_up', 'not_rendered', 'ambiguous', 'crash_loop', 'expired'] as const
export type DeadReason = (typeof deadReasons)[number]

/** After so many workers died while they held a message it is parked: it may be what kills them. */
export const crashLimit = 5

/**
 * How long after its time a mail may still be sent: a reset request is old news after an hour, whatever became of the mail.
 * @param hours for everything else
 */
export const lifeMinutesOf = (type: MessageType, hours: number): number => (type === 'password_reset' ? 60 : hours * 60)

/** After a send of which nobody knows whether it arrived: one late try, or parked for a person at once. */
export const ambiguousRules = ['retry', 'hold'] as const
export type AmbiguousRule = (typeof ambiguousRules)[number]

/** What stands in Kafka, in events and in previews where a secret belongs. */
export const hidden = '[hidden]'

/** The word, at most a few signs, a colon, an equals sign or "is", and then something. Bounded everywhere, so it is linear. */
const namesAPassword =
  /(?:^|[^\p{L}\p{N}])(?:password|passcode|passphrase|passwd|pass|pwd|kennwort|passwort|пароль)[^\p{L}\p{N}\n:=：]{0,4}(?:[:=：]|is[^\p{L}\p{N}])[^\p{L}\p{N}]{0,8}\S/iu

/**
 * A text that names a password, in the way of the original's example (`Password: …`) or near it, is treated as sensitive
 * even when the caller did not say so. Better one mail too many sealed than one password in Kafka.
 */
export const looksSensitive = (text: string): boolean => namesAPassword.test(text)

/** Mail about somebody's access, or of which its sender said that not everybody may read it. */
export const isSecurityMail = ({ type, sensitive }: { type: MessageType; sensitive: boolean }): boolean =>
  sensitive || type !== 'notification'

/** What of a mail can be looked at: its two parts, and the whole of it as it is sent. */
export const previewParts = ['html', 'text', 'source'] as const
export type PreviewPart = (typeof previewParts)[number]

/** What a mail carries that is hidden from whoever looks at it here. */
export type HiddenPart = 'link' | 'password' | 'body'

/** The id that every try of a message carries (RFC 5322 3.6.4), so that receivers can recognise a second copy. */
export const messageIdHeader = (id: string, from: string): string => `<${id}@${from.slice(from.indexOf('@') + 1)}>`
