/** What a failed conversation with the SMTP server means. Pure; RELIABILITY.md section 4 is the table behind it. */

/** Which of our commands a reply answered. `dot` is the final dot of DATA. */
export type Command = 'greeting' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot'

export type Failure = {
  /** How far the conversation had come. dot: the final dot of DATA had left. */
  stage: 'connect' | 'envelope' | 'body' | 'dot'
  /** The command that the reply answered, where there was a reply. */
  command: Command | null
  /** The reply code; null when no reply came. */
  code: number | null
  /** The whole reply, or the error's message. */
  reply: string
  /** nodemailer's or node's code: ESOCKET, ECONNECTION, ETIMEDOUT, EDNS, EAUTH, ETLS, ENOTFOUND … */
  errorCode: string | null
}

/**
 * - `transient`      this mail, later: burns a try
 * - `throttle`       we are too fast: nothing is burned, everybody slows down
 * - `outage`         the server fails everybody: nothing is burned, everybody waits
 * - `configuration`  something of ours is wrong: nothing is burned, everybody waits for a person
 * - `quota`          our allowance is used up: nothing is burned, everybody waits for its end
 * - `permanent`      this mail, never
 * - `suppress`       this address, never: it goes on the list
 * - `ambiguous`      nobody can know whether it arrived
 */
export type FailureClass =
  | 'transient'
  | 'throttle'
  | 'outage'
  | 'configuration'
  | 'quota'
  | 'permanent'
  | 'suppress'
  | 'ambiguous'

/**
 * Each cause as a sentence of its own, and as what the server did or said, to follow its name. Stored in
 * `messages.last_cause` and in events: the ids stay as they are.
 */
const words = {
  mailbox_unknown: ['The mailbox does not exist', 'says the mailbox does not exist'],
  mailbox_full: ['Their mailbox is full', 'says their mailbox is full'],
  mailbox_disabled: ['The mailbox is switched off', 'says the mailbox is switched off'],
  mailbox_moved: [
    'The mailbox has moved and left no new address',
    'says the mailbox has moved and left no new address',
  ],
  domain_unknown: ['The part after the @ does not exist', 'says the part after the @ does not exist'],
  takes_no_mail: ['The part after the @ takes no mail at all', 'says the part after the @ takes no mail at all'],
  bad_address: ['The address is not one that can get mail', 'says the address is not one that can get mail'],
  greylisted: [
    'Mail from a sender that is new to them is taken at a later try only',
    'takes mail from a sender that is new to it at a later try only',
  ],
  too_big: ['The mail is too big', 'says the mail is too big for it'],
  spam_refused: ['The mail was taken for spam', 'took the mail for spam'],
  policy_refused: ['A rule of the mail server forbids this mail', 'says a rule forbids this mail'],
  relay_denied: ['The mail server does not pass on mail for us', 'does not pass on mail for us'],
  sender_refused: ["The mail server does not allow this sender's address", "does not allow this sender's address"],
  dns_auth_failed: [
    'The mail could not be shown to be ours: SPF, DKIM or DMARC in DNS is missing or wrong',
    'could not see that the mail is ours: SPF, DKIM or DMARC in DNS is missing or wrong',
  ],
  credentials_refused: ['The mail server refuses our sign-in', 'refuses our sign-in'],
  sign_in_needed: ['The mail server wants us to sign in first', 'wants us to sign in first'],
  sign_in_not_offered: [
    'The mail server offers no way to sign in that we know',
    'offers no way to sign in that we know',
  ],
  tls_failed: ['No encrypted line to the mail server could be made', 'could not be reached over an encrypted line'],
  certificate_invalid: ["The mail server's certificate is not valid", 'shows a certificate that is not valid'],
  settings_wrong: ['Our settings for the mail server do not work', 'cannot be used with our settings'],
  quota_used_up: ['Our sending allowance is used up', 'says our sending allowance is used up'],
  too_fast: ['We send faster than the mail server allows', 'says we send faster than it allows'],
  server_unreachable: ['The mail server does not accept connections', 'does not accept connections'],
  server_name_unknown: ["The mail server's name cannot be found", 'cannot be found under this name'],
  server_busy: ['The mail server is busy or closing down', 'is busy or closing down'],
  server_storage_full: ['The mail server has no room left', 'has no room left'],
  line_broke: ['The line to the mail server broke', 'broke off before the mail had left'],
  no_reply: ['The mail server did not answer in time', 'did not answer in time'],
  not_understood: [
    'The mail server answered in a way that we do not understand',
    'answered in a way that we do not understand',
  ],
  blocked_by_server: ['The mail server takes no mail from us', 'takes no mail from us'],
  lost_after_dot: [
    'The line broke after the mail had left and before the reply came',
    'broke off after the mail had left and before the reply came',
  ],
  not_made: ['The mail could not be made', 'was not given the mail: it could not be made'],
  refused_without_reason: ['The mail was refused without a clear reason', 'refused it without a clear reason'],
  temporary: ['The mail server asked us to come back later', 'asked us to come back later'],
} as const satisfies Record<string, readonly [sentence: string, afterItsName: string]>

export type Cause = keyof typeof words
export const causes = Object.keys(words) as readonly Cause[]

/** A stored cause, which an older or newer version may have written: null when it is not one of ours. */
export const knownCause = (value: string | null | undefined): Cause | null =>
  typeof value === 'string' && Object.hasOwn(words, value) ? (value as Cause) : null

/** "Their mailbox is full": a capital, no full stop, never only a code. */
export const causeSentence = (cause: Cause): string => words[cause][0]

/** "mx.example.net says their mailbox is full": what the server said or did, after its name. */
export const causeOfServer = (cause: Cause, smtpHost: string): string => `${smtpHost} ${words[cause][1]}`

/** `retryAfterMs`: what the server asked for, at most 1 h; after greylisting at least 5 min; null when it asked for nothing. */
export type Verdict = { class: FailureClass; cause: Cause; retryAfterMs: number | null }

/** What pauses sending for everybody, and how the breaker calls it; null when it concerns one mail only. */
export function breakerKindOf(failureClass: FailureClass): 'outage' | 'throttle' | 'configuration' | 'quota' | null {
  switch (failureClass) {
    case 'outage':
    case 'throttle':
    case 'configuration':
    case 'quota':
      return failureClass
    case 'transient':
    case 'permanent':
    case 'suppress':
    case 'ambiguous':
      return null
    default:
      return failureClass satisfies never
  }
}

const longestWaitMs = 3_600_000
const greylistFloorMs = 300_000
/** As much of a reply as is read. The text is a stranger's: every pattern here is bounded as well. */
const readable = 4_000

/**
 * First match wins, and text comes before codes: Mailtrap says "too many emails per second" with 550 and "limit reached" with
 * 535, which by their codes would be a refused mail and a wrong password (RELIABILITY 0.10).
 * @param context ownSender: the From is the installation's own default, so that a refusal of it concerns every mail
 */
export function classify(failure: Failure, context: { ownSender: boolean }): Verdict {
  const text = plainText(failure.reply)
  const [failureClass, cause] =
    failure.code === null ? withoutReply(failure, text) : withReply(failure, failure.code, text, context.ownSender)
  return { class: failureClass, cause, retryAfterMs: retryAfter(failureClass, cause, text) }
}

type Finding = readonly [FailureClass, Cause]

/** In small letters and on one line: a phrase may run over the lines of a reply, each with its code in front. */
const plainText = (reply: string): string =>
  reply
    .slice(0, readable)
    .toLowerCase()
    .replace(/\r?\n(?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?)?/g, ' ')
    .replace(/[\s_]+/g, ' ')

/** RFC 3463's code, of whichever line has one: `550-5.1.1 …`, `550 #5.1.1 …`. */
const enhancedCode = (reply: string): string =>
  /^\d{3}[ -][(#]{0,2}([245]\.\d{1,3}\.\d{1,3})(?![\d.])/m.exec(reply.slice(0, readable))?.[1] ?? ''

/** No reply came (rules 2 and 6 to 9). nodemailer's own code is a hint only: it calls a bad certificate ESOCKET. */
function withoutReply({ stage, errorCode }: Failure, text: string): Finding {
  if (errorCode === 'EFILEACCESS' || errorCode === 'EURLACCESS' || errorCode === 'EOTP')
    return ['permanent', 'not_made']
  if (stage === 'dot') return ['ambiguous', 'lost_after_dot']

  // Said by nodemailer itself, of the mail and not of the line.
  if (/size larger than allowed/.test(text)) return ['permanent', 'too_big']
  if (errorCode === 'EENVELOPE') return ['permanent', 'bad_address']

  if (/certificate|self.signed|altname|alternative name|unable to (?:get|verify)/.test(text))
    return ['configuration', 'certificate_invalid']
  if (/wrong version number|ssl routines|handshake|alert protocol version/.test(text))
    return ['configuration', 'tls_failed']
  switch (errorCode) {
    case 'ETLS':
    case 'EREQUIRETLS':
      return ['configuration', 'tls_failed']
    case 'EAUTH':
    case 'EOAUTH2':
      return ['configuration', 'credentials_refused']
    case 'ENOAUTH':
      return ['configuration', 'sign_in_needed']
    case 'ECONFIG':
      return ['configuration', 'settings_wrong']
    case 'EPROXY':
      return /\b4\d\d\b/.test(text) ? ['configuration', 'settings_wrong'] : ['outage', 'server_unreachable']
    case null:
    default:
  }

  // A wrong name and a DNS that fails look the same at first. It pauses like an outage; the sentence says what to check.
  if (errorCode === 'ENOTFOUND' || /\benotfound\b/.test(text)) return ['outage', 'server_name_unknown']
  if (errorCode === 'ETIMEDOUT' || /\btimed? ?out\b|etimedout|never received|no reply/.test(text))
    return ['outage', 'no_reply']
  if (stage === 'connect' && !/closed|reset|disconnected|epipe/.test(text)) return ['outage', 'server_unreachable']
  return ['outage', 'line_broke']
}

const mailboxFull =
  /(?:mailbox|mail box|inbox|mail ?folder|user|recipient|account|mail ?drop)(?: [^ ]{1,80})? (?:is |was |has )?(?:almost |currently )?(?:full|over ?-?quota|out of (?:storage|space))|over ?-?quota|quota ?exceeded|exceeded? (?:its |their |the )?(?:mailbox|storage|disk)|storage allocation/
const span = '(?:daily|monthly|weekly|hourly|per (?:day|month|week|hour)|24[ -]?h(?:our)?s?)'
const allowance = '(?:limits?|quotas?|allowance|maximum|max)'
const quotaUsedUp = new RegExp(
  `\\b${span}\\b.{0,60}\\b${allowance}\\b|\\b${allowance}\\b.{0,60}\\b${span}\\b|credits? (?:exceeded|used up)|out of credits?|sending quota`,
)
const limitReached =
  /\blimits? (?:is |are |was |has been )?(?:reached|exceeded)|\bquota (?:is |was |has been )?exceeded/
const tooFast =
  /too many (?:simultaneous |concurrent |open |smtp |e-?)?(?:e?mails?|messages?|connections?|sessions?|requests?)\b|\b(?:e?mails?|messages?|connections?) per (?:second|minute)|rate ?-?limit|rate (?:is |was |has been )?exceeded|sending rate|throttl|connections? (?:rate |count )?limit|sending (?:mail |e?mails |messages )?too (?:fast|quickly|much)|slow down/
const relayDenied =
  /relay(?:ing)? ?(?:access |is |was |mail |to [^ ]{1,80} )?(?:denied|not (?:permitted|allowed)|prohibited|rejected|refused)|(?:unable|not (?:permitted|allowed|authori[sz]ed)|cannot|refus\w{1,3}) to relay|(?:cannot|do not|don't|will not|won't) relay/
const signInNeeded =
  /authentication (?:is )?required|must (?:first )?(?:authenticate|log ?in|sign in)|authenticate first|auth(?:entication)? first|not authenticated|login required/
const senderRefused =
  /sender (?:address |domain )?(?:rejected|refused|not allowed|denied)|not owned by user|send ?-?as ?denied|permissions? to send as|address is not verified|sender (?:is )?not (?:verified|authori[sz]ed)|from address (?:is )?not (?:verified|allowed|authori[sz]ed)/
const outOfSequence = /sequence|out of order|need (?:mail|rcpt|helo|ehlo)|(?:mail|rcpt|helo|ehlo) first/
const greylist = /gr[ae]y ?-?list/
const spam =
  /\bspam|\bjunk|\bvirus|\bmalware|phish|unsolicited|\bbulk mail|content (?:rejected|blocked|denied|filter)|blocked (?:due to|because of) content|message content|looks like/
const noStorage = /insufficient (?:system )?storage|no space left|out of disk/
const noSuchUser =
  /no such (?:user|mailbox|recipient|person)|(?:user|mailbox|recipient|account|address) (?:is )?(?:unknown|does(?: not|n't) exist|not found|invalid)|unknown (?:user|recipient|mailbox)|invalid (?:recipient|mailbox)/

/** A reply came (rules 3 to 5 by text, then 10 to 21 by command and code). */
function withReply(failure: Failure, code: number, text: string, ownSender: boolean): Finding {
  const { stage } = failure
  const command =
    failure.command ??
    (stage === 'connect' ? 'greeting' : stage === 'envelope' ? 'rcpt' : stage === 'dot' ? 'dot' : 'data')
  const enhanced = enhancedCode(failure.reply)
  // 2xx and 3xx where nothing of the kind is due, or no code at all: after the dot it may mean anything.
  if (code < 400 || code > 599) return stage === 'dot' ? ['ambiguous', 'lost_after_dot'] : ['outage', 'not_understood']

  const aboutRecipient = command === 'rcpt' || command === 'data' || command === 'dot'
  const quota =
    quotaUsedUp.test(text) || (code === 535 && limitReached.test(text)) || (code === 550 && enhanced === '5.4.5')
  if (aboutRecipient && (/^[45]\.2\.2$/.test(enhanced) || (!quota && mailboxFull.test(text))))
    return ['transient', 'mailbox_full']
  // Before the throttle: SES says "Throttling failure: Daily message quota exceeded".
  if (quota) return ['quota', 'quota_used_up']
  if (tooFast.test(text) || (enhanced.startsWith('4.7.') && /\brates?\b/.test(text))) return ['throttle', 'too_fast']

  switch (command) {
    case 'greeting':
    case 'ehlo':
      return code < 500 ? ['outage', 'server_busy'] : ['configuration', 'blocked_by_server']
    case 'auth':
      if (code >= 500 && code <= 504) return ['configuration', 'sign_in_not_offered']
      // 432: the password has to be changed first (RFC 4954).
      return code >= 500 || code === 432 ? ['configuration', 'credentials_refused'] : ['outage', 'server_busy']
    case 'starttls':
      return code < 500 ? ['outage', 'server_busy'] : ['configuration', 'tls_failed']
    case 'mail':
    case 'rcpt':
    case 'data':
    case 'dot':
      break
    default:
      return command satisfies never
  }

  if (code === 421) return ['outage', 'server_busy']
  if (code < 500) return notNow(enhanced, text)

  // Only nodemailer's login is skipped when the server does not offer AUTH: this is how it shows.
  if (code === 530 || code === 535 || code === 538 || signInNeeded.test(text))
    return ['configuration', 'sign_in_needed']
  if (code === 503 && (command === 'data' || command === 'dot' || outOfSequence.test(text)))
    return ['outage', 'not_understood']
  const tooBig = code === 523 || enhanced === '5.3.4' || enhanced === '5.2.3' || (code === 552 && command !== 'rcpt')
  if (tooBig) return ['permanent', 'too_big']
  return command === 'mail' ? sender(ownSender) : ofRecipient(command, code, enhanced, text, ownSender)
}

/** The mail server's own From check. Of our standing sender it concerns every mail; of another's, that mail. */
const sender = (ownSender: boolean): Finding => [ownSender ? 'configuration' : 'permanent', 'sender_refused']

function notNow(enhanced: string, text: string): Finding {
  if (enhanced === '4.3.1' || noStorage.test(text)) return ['outage', 'server_storage_full']
  // By the word only: a bare 451 4.7.1 is said for much else, and our backoff outlasts a greylist anyway.
  if (greylist.test(text)) return ['transient', 'greylisted']
  return ['transient', 'temporary']
}

const gone: Partial<Record<string, Cause>> = {
  '5.1.1': 'mailbox_unknown',
  '5.1.2': 'domain_unknown',
  '5.1.3': 'bad_address',
  '5.1.6': 'mailbox_moved',
  '5.1.10': 'takes_no_mail',
  '5.2.1': 'mailbox_disabled',
}

/** 5xx to RCPT, DATA or the final dot. */
function ofRecipient(
  command: 'rcpt' | 'data' | 'dot',
  code: number,
  enhanced: string,
  text: string,
  ownSender: boolean,
): Finding {
  const hard = gone[enhanced] ?? (code === 556 ? 'takes_no_mail' : undefined)
  // Only RCPT is about the address and nothing else.
  if (hard) return [command === 'rcpt' ? 'suppress' : 'permanent', hard]
  if (relayDenied.test(text)) return ['configuration', 'relay_denied']
  // Postfix says at RCPT what it has against the sender.
  if (enhanced === '5.1.7' || enhanced === '5.1.8' || senderRefused.test(text)) return sender(ownSender)
  // RFC 7372: SPF, DKIM, reverse DNS. Of somebody else's domain it is nothing that we could put right.
  if (/^5\.7\.2[0-7]$/.test(enhanced)) return [ownSender ? 'configuration' : 'permanent', 'dns_auth_failed']
  if (spam.test(text)) return ['permanent', 'spam_refused']
  if (enhanced.startsWith('5.7.')) return ['permanent', 'policy_refused']
  // Without an enhanced code the words are good enough for a sentence, not for the suppression list (Hyvor's rule).
  return ['permanent', noSuchUser.test(text) ? 'mailbox_unknown' : 'refused_without_reason']
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }
const asUnit = (word: string): number => unitMs[word.charAt(0) as keyof typeof unitMs]

/** "in 5 minutes", "after 300 s", "wait one hour", "come back in 00:05:00" (milter-greylist); null when nothing is asked for. */
function askedFor(text: string): number | null {
  const clock = /\b(?:in|after|back|wait) (\d{1,2}):(\d{2}):(\d{2})\b/.exec(text)
  if (clock) return (Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])) * 1_000
  const counted =
    /\b(\d{1,6})(?: ?- ?)?(?: |\b)(seconds?|secs?|minutes?|mins?|hours?|hrs?)\b/.exec(text) ??
    /\b(?:in|after|for|wait|retry|again)[ :=]{1,2}(\d{1,6}) ?([smh])\b/.exec(text)
  if (counted?.[1] && counted[2]) return Number(counted[1]) * asUnit(counted[2])
  const single = /\b(?:in|after|for|wait|another) (?:an?|one) (second|minute|hour)\b/.exec(text)
  return single?.[1] ? asUnit(single[1]) : null
}

function retryAfter(failureClass: FailureClass, cause: Cause, text: string): number | null {
  if (failureClass !== 'transient' && failureClass !== 'throttle') return null
  const asked = askedFor(text)
  const wait = cause === 'greylisted' ? Math.max(asked ?? 0, greylistFloorMs) : asked
  return wait === null || wait === 0 ? null : Math.min(wait, longestWaitMs)
}
