import { describe, expect, test } from 'vitest'
import {
  breakerKindOf,
  causeOfServer,
  causes,
  causeSentence,
  classify,
  knownCause,
  type Cause,
  type Command,
  type Failure,
  type FailureClass,
} from './smtp-failure'

const stageOf: Record<Command, Failure['stage']> = {
  greeting: 'connect',
  ehlo: 'connect',
  starttls: 'connect',
  auth: 'connect',
  mail: 'envelope',
  rcpt: 'envelope',
  data: 'envelope',
  dot: 'dot',
}

const answered = (command: Command, reply: string, ownSender = true) =>
  classify({ stage: stageOf[command], command, code: Number(reply.slice(0, 3)), reply, errorCode: null }, { ownSender })
const unnamed = (stage: Failure['stage'], reply: string) =>
  classify(
    { stage, command: null, code: Number(reply.slice(0, 3)), reply, errorCode: 'EENVELOPE' },
    { ownSender: true },
  )
const silent = (stage: Failure['stage'], errorCode: string | null, reply: string) =>
  classify({ stage, command: null, code: null, reply, errorCode }, { ownSender: true })

type Row = [command: Command, reply: string, failureClass: FailureClass, cause: Cause]

describe('rule 3: a full mailbox is waited for, whatever its code', () => {
  test.each<Row>([
    ['rcpt', '452 4.2.2 The email account is over quota', 'transient', 'mailbox_full'],
    ['rcpt', '552 5.2.2 Mailbox full', 'transient', 'mailbox_full'],
    ['dot', '552 5.2.2 <a@example.com>: user is over quota', 'transient', 'mailbox_full'],
    ['rcpt', '550 Mailbox is full', 'transient', 'mailbox_full'],
    ['rcpt', '552 Requested mail action aborted: exceeded storage allocation', 'transient', 'mailbox_full'],
    ['rcpt', '550 5.7.1 recipient a@example.com has exceeded its mailbox quota', 'transient', 'mailbox_full'],
    ['rcpt', '552-5.2.2 The recipient’s inbox is out of storage\n552 5.2.2 space', 'transient', 'mailbox_full'],
  ])('%s %s', (command, reply, failureClass, cause) => {
    expect(answered(command, reply)).toMatchObject({ class: failureClass, cause })
  })
})

describe('rule 4: too fast, by the words and not by the code', () => {
  test.each<[Command, string]>([
    ['rcpt', '550 5.7.0 Requested action not taken: too many emails per second'],
    ['dot', '550 5.7.0 Requested action not taken: too many emails per second'],
    ['auth', '550 5.7.0 Too many emails per second'],
    ['dot', '454 Throttling failure: Maximum sending rate exceeded.'],
    ['greeting', '421 4.7.0 Too many connections from your host'],
    ['mail', '421 4.7.28 Our system has detected an unusual rate of mail'],
    ['mail', '450 4.7.1 Error: too many messages'],
    ['rcpt', '451 4.7.1 Message rate over the limit'],
    ['rcpt', '450 4.7.1 Rate limited'],
    ['dot', '452 4.5.3 rate-limit hit'],
    ['greeting', '432 4.3.2 Concurrent connections limit exceeded'],
    ['mail', '450 You are sending too fast'],
    ['rcpt', '550-5.7.0 Requested action not taken: too many\r\n550 5.7.0 emails per second'],
  ])('%s %s', (command, reply) => {
    expect(answered(command, reply)).toMatchObject({ class: 'throttle', cause: 'too_fast' })
  })
})

describe('rule 5: an allowance that is used up', () => {
  test.each<[Command, string]>([
    ['auth', '535 5.7.0 Monthly messages limit reached'],
    ['auth', '535 5.7.0 The email limit is reached. Please upgrade your plan'],
    ['dot', '454 Throttling failure: Daily message quota exceeded.'],
    ['rcpt', '550 5.4.5 Daily user sending limit exceeded'],
    ['dot', '550-5.4.5 Daily user sending quota\n550 5.4.5 exceeded'],
    ['dot', '550 5.4.5 See the help pages'],
    ['auth', '451 Authentication failed: Maximum credits exceeded'],
    ['rcpt', '452 Limit of 300 messages per day used'],
    ['rcpt', '550 Domain example.com has exceeded the max emails per hour (100) allowed'],
  ])('%s %s', (command, reply) => {
    expect(answered(command, reply)).toMatchObject({ class: 'quota', cause: 'quota_used_up' })
  })

  test('is not seen in a wrong password', () => {
    expect(answered('auth', '535 5.7.8 Too many failed tries, wrong password')).toMatchObject({
      class: 'configuration',
      cause: 'credentials_refused',
    })
  })
})

describe('no reply came (rules 2 and 6 to 9, and how nodemailer says it)', () => {
  test.each<[Failure['stage'], string | null, string, FailureClass, Cause]>([
    // 2
    ['envelope', 'EFILEACCESS', 'File access rejected', 'permanent', 'not_made'],
    ['envelope', 'EURLACCESS', 'Url access rejected', 'permanent', 'not_made'],
    ['envelope', 'EOTP', 'no', 'permanent', 'not_made'],
    // 6
    ['dot', 'ECONNECTION', 'Connection closed unexpectedly', 'ambiguous', 'lost_after_dot'],
    ['dot', 'ESOCKET', 'read ECONNRESET', 'ambiguous', 'lost_after_dot'],
    ['dot', 'ETIMEDOUT', 'Timeout', 'ambiguous', 'lost_after_dot'],
    ['dot', 'EABORT', 'Aborted', 'ambiguous', 'lost_after_dot'],
    ['dot', 'EMESSAGE', 'Message failed: \u0000\u0001', 'ambiguous', 'lost_after_dot'],
    ['dot', 'ESOCKET', 'certificate has expired', 'ambiguous', 'lost_after_dot'],
    // 7
    ['connect', 'ESOCKET', 'self-signed certificate', 'configuration', 'certificate_invalid'],
    ['connect', 'ESOCKET', 'certificate has expired', 'configuration', 'certificate_invalid'],
    ['connect', 'ESOCKET', 'unable to verify the first certificate', 'configuration', 'certificate_invalid'],
    ['connect', 'ESOCKET', 'unable to get local issuer certificate', 'configuration', 'certificate_invalid'],
    ['connect', 'ESOCKET', "Hostname/IP does not match certificate's altnames", 'configuration', 'certificate_invalid'],
    ['connect', 'ESOCKET', 'SSL routines:ssl3_get_record:wrong version number', 'configuration', 'tls_failed'],
    ['connect', 'ESOCKET', 'write EPROTO: sslv3 alert handshake failure', 'configuration', 'tls_failed'],
    ['connect', 'ETLS', 'Error initiating TLS', 'configuration', 'tls_failed'],
    ['connect', 'EREQUIRETLS', 'REQUIRETLS is not offered', 'configuration', 'tls_failed'],
    ['connect', 'ECONFIG', 'Wrong settings', 'configuration', 'settings_wrong'],
    ['connect', 'ENOAUTH', 'Credentials are missing', 'configuration', 'sign_in_needed'],
    ['connect', 'EOAUTH2', 'No token', 'configuration', 'credentials_refused'],
    ['connect', 'EAUTH', 'No auth method', 'configuration', 'credentials_refused'],
    ['connect', 'EPROXY', 'Invalid response from proxy: 407', 'configuration', 'settings_wrong'],
    ['connect', 'EPROXY', 'Invalid response from proxy: 502', 'outage', 'server_unreachable'],
    // A wrong name pauses like an outage, at once: three in a row would be the same.
    ['connect', 'EDNS', 'getaddrinfo ENOTFOUND mx.example.net', 'outage', 'server_name_unknown'],
    ['connect', 'ENOTFOUND', 'queryA mx.example.net', 'outage', 'server_name_unknown'],
    // 8
    ['connect', 'ESOCKET', 'connect ECONNREFUSED 127.0.0.1:25', 'outage', 'server_unreachable'],
    ['connect', 'EDNS', 'getaddrinfo EAI_AGAIN mx.example.net', 'outage', 'server_unreachable'],
    ['connect', null, 'Reached maximum number of retries', 'outage', 'server_unreachable'],
    ['connect', 'ETIMEDOUT', 'Greeting never received', 'outage', 'no_reply'],
    ['connect', 'ETIMEDOUT', 'Connection timeout', 'outage', 'no_reply'],
    ['connect', 'ECONNECTION', 'Connection closed unexpectedly', 'outage', 'line_broke'],
    ['connect', 'ESOCKET', 'read ECONNRESET', 'outage', 'line_broke'],
    [
      'connect',
      'ESOCKET',
      'Client network socket disconnected before secure TLS connection was established',
      'outage',
      'line_broke',
    ],
    ['envelope', 'ETIMEDOUT', 'Timeout', 'outage', 'no_reply'],
    ['envelope', null, 'No reply to the envelope within 30 s', 'outage', 'no_reply'],
    ['envelope', 'ECONNECTION', 'Connection closed unexpectedly', 'outage', 'line_broke'],
    ['body', 'ESOCKET', 'write EPIPE', 'outage', 'line_broke'],
    // 9
    ['envelope', 'EMESSAGE', 'Message size larger than allowed 1000', 'permanent', 'too_big'],
    ['envelope', 'EENVELOPE', 'No recipients defined', 'permanent', 'bad_address'],
    ['envelope', 'EENVELOPE', 'Invalid recipient "a b"', 'permanent', 'bad_address'],
  ])('%s %s: %s', (stage, errorCode, message, failureClass, cause) => {
    expect(silent(stage, errorCode, message)).toEqual({ class: failureClass, cause, retryAfterMs: null })
  })
})

describe('a reply came (rules 10 to 21)', () => {
  test.each<Row>([
    // 10
    ['greeting', '421 4.3.2 Service not available', 'outage', 'server_busy'],
    ['ehlo', '421 closing', 'outage', 'server_busy'],
    ['greeting', '450 not yet', 'outage', 'server_busy'],
    ['greeting', '554 5.7.1 No SMTP service for you', 'configuration', 'blocked_by_server'],
    ['ehlo', '550 Access denied', 'configuration', 'blocked_by_server'],
    // 11
    ['auth', '421 bye', 'outage', 'server_busy'],
    ['auth', '454 4.7.0 Temporary authentication failure', 'outage', 'server_busy'],
    ['auth', '451 later', 'outage', 'server_busy'],
    ['auth', '432 4.7.12 A password transition is needed', 'configuration', 'credentials_refused'],
    ['auth', '535 5.7.8 Username and Password not accepted', 'configuration', 'credentials_refused'],
    ['auth', '534 5.7.9 Application-specific password required', 'configuration', 'credentials_refused'],
    ['auth', '530 no', 'configuration', 'credentials_refused'],
    ['auth', '538 5.7.11 Encryption required', 'configuration', 'credentials_refused'],
    ['auth', '504 5.5.4 Unrecognized authentication type', 'configuration', 'sign_in_not_offered'],
    ['auth', '500 what?', 'configuration', 'sign_in_not_offered'],
    // 12
    ['starttls', '454 TLS not available', 'outage', 'server_busy'],
    ['starttls', '502 Command not implemented', 'configuration', 'tls_failed'],
    // 13
    ['mail', '421 4.3.2 closing', 'outage', 'server_busy'],
    ['rcpt', '421 4.3.2 closing', 'outage', 'server_busy'],
    ['data', '421 closing', 'outage', 'server_busy'],
    ['dot', '421 closing', 'outage', 'server_busy'],
    // 14
    ['mail', '530 5.7.0 Must issue a STARTTLS command first', 'configuration', 'sign_in_needed'],
    ['mail', '535 no', 'configuration', 'sign_in_needed'],
    ['mail', '538 no', 'configuration', 'sign_in_needed'],
    ['mail', '550 5.7.1 Authentication required', 'configuration', 'sign_in_needed'],
    ['rcpt', '530 5.7.57 Client was not authenticated', 'configuration', 'sign_in_needed'],
    // 15
    ['mail', '552 5.3.4 Message size exceeds fixed limit', 'permanent', 'too_big'],
    ['mail', '523 too big', 'permanent', 'too_big'],
    ['mail', '550 5.2.3 too long', 'permanent', 'too_big'],
    ['mail', '550 5.1.7 Bad sender', 'configuration', 'sender_refused'],
    ['mail', '550 5.1.8 Bad sender domain', 'configuration', 'sender_refused'],
    ['mail', '553 5.7.1 Not yours', 'configuration', 'sender_refused'],
    ['mail', '550 no', 'configuration', 'sender_refused'],
    ['mail', '501 5.5.4 Bad address', 'configuration', 'sender_refused'],
    ['mail', '554 no', 'configuration', 'sender_refused'],
    ['mail', '451 4.3.0 later', 'transient', 'temporary'],
    ['mail', '452 4.3.1 Insufficient system storage', 'outage', 'server_storage_full'],
    ['mail', '452 Insufficient system storage', 'outage', 'server_storage_full'],
    ['mail', '503 5.5.1 Bad sequence of commands', 'outage', 'not_understood'],
    // 16
    ['rcpt', '550 5.1.1 No such user', 'suppress', 'mailbox_unknown'],
    ['rcpt', '550-5.1.1 The email account that you tried\n550 5.1.1 does not exist', 'suppress', 'mailbox_unknown'],
    ['rcpt', '550-Dear sender\r\n550 5.1.1 gone', 'suppress', 'mailbox_unknown'],
    ['rcpt', '550 #5.1.1 gone', 'suppress', 'mailbox_unknown'],
    ['rcpt', '550 5.1.2 Bad destination system', 'suppress', 'domain_unknown'],
    ['rcpt', '553 5.1.3 Bad address syntax', 'suppress', 'bad_address'],
    ['rcpt', '551 5.1.6 Has moved', 'suppress', 'mailbox_moved'],
    ['rcpt', '556 5.1.10 Null MX', 'suppress', 'takes_no_mail'],
    ['rcpt', '550 5.1.10 Recipient not found', 'suppress', 'takes_no_mail'],
    ['rcpt', '556 no', 'suppress', 'takes_no_mail'],
    ['rcpt', '550 5.2.1 Mailbox disabled', 'suppress', 'mailbox_disabled'],
    // 17
    ['rcpt', '550 No such user here', 'permanent', 'mailbox_unknown'],
    ['rcpt', '550 Mailbox unavailable', 'permanent', 'refused_without_reason'],
    ['rcpt', '551 no', 'permanent', 'refused_without_reason'],
    ['rcpt', '553 no', 'permanent', 'refused_without_reason'],
    ['rcpt', '554 no', 'permanent', 'refused_without_reason'],
    // 18
    ['rcpt', '550 5.7.1 Relaying denied', 'configuration', 'relay_denied'],
    ['rcpt', '554 5.7.1 <a@example.com>: Relay access denied', 'configuration', 'relay_denied'],
    ['rcpt', '550 relay not permitted', 'configuration', 'relay_denied'],
    ['rcpt', '550 5.7.54 Unable to relay recipient in non-accepted domain', 'configuration', 'relay_denied'],
    ['rcpt', '550 5.7.1 Rejected by policy', 'permanent', 'policy_refused'],
    ['rcpt', '554 5.7.1 relay.example.net says no', 'permanent', 'policy_refused'],
    ['rcpt', '553 5.7.1 <a@b.example>: Sender address rejected: not owned by user', 'configuration', 'sender_refused'],
    // 19
    ['rcpt', '450 4.2.0 <a@example.com>: Recipient address rejected: Greylisted', 'transient', 'greylisted'],
    ['rcpt', '451 4.7.1 Greylisting in action', 'transient', 'greylisted'],
    ['rcpt', '451 4.7.1 Gray-listed', 'transient', 'greylisted'],
    ['rcpt', '451 4.7.1 come back later', 'transient', 'temporary'],
    ['rcpt', '450 4.1.1 Unverified address', 'transient', 'temporary'],
    ['rcpt', '451 local error', 'transient', 'temporary'],
    // 20
    ['data', '552 too big', 'permanent', 'too_big'],
    ['dot', '552 5.3.4 Message too big', 'permanent', 'too_big'],
    ['dot', '523 too big', 'permanent', 'too_big'],
    ['dot', '554 5.2.3 too long', 'permanent', 'too_big'],
    ['dot', '452 4.3.1 Insufficient system storage', 'outage', 'server_storage_full'],
    ['dot', '451 4.7.1 later', 'transient', 'temporary'],
    ['dot', '450 later', 'transient', 'temporary'],
    ['dot', '550 5.7.26 Unauthenticated email is not accepted', 'configuration', 'dns_auth_failed'],
    ['dot', '554 5.7.27 Sender has null MX', 'configuration', 'dns_auth_failed'],
    ['dot', '554 5.7.1 Spam message rejected', 'permanent', 'spam_refused'],
    ['dot', '550 5.7.1 Message content rejected', 'permanent', 'spam_refused'],
    ['dot', '554 5.7.1 no', 'permanent', 'policy_refused'],
    ['dot', '503 5.5.1 RCPT first', 'outage', 'not_understood'],
    ['data', '503 no', 'outage', 'not_understood'],
    // 21
    ['dot', '499 what?', 'transient', 'temporary'],
    ['dot', '599 what?', 'permanent', 'refused_without_reason'],
    ['data', '554 no valid recipients', 'permanent', 'refused_without_reason'],
    ['dot', '550 5.1.1 gone', 'permanent', 'mailbox_unknown'],
  ])('%s %s', (command, reply, failureClass, cause) => {
    expect(answered(command, reply)).toMatchObject({ class: failureClass, cause })
  })

  test.each<[Command, string, Cause]>([
    ['mail', '550 5.1.8 Bad sender domain', 'sender_refused'],
    ['mail', '501 no', 'sender_refused'],
    ['dot', '550 5.7.26 Unauthenticated', 'dns_auth_failed'],
    ['dot', '554 Message rejected: Email address is not verified.', 'sender_refused'],
  ])('another’s sender stops that mail and nobody else’s: %s %s', (command, reply, cause) => {
    expect(answered(command, reply, false)).toMatchObject({ class: 'permanent', cause })
    expect(answered(command, reply, true)).toMatchObject({ class: 'configuration', cause })
  })

  test.each([0, 99, 250, 354, 600, 999])('a code that cannot be meant (%i) proves nothing', (code) => {
    const reply = `${code} hello`
    const of = (stage: Failure['stage']) =>
      classify({ stage, command: null, code, reply, errorCode: null }, { ownSender: true })
    expect(of('dot')).toMatchObject({ class: 'ambiguous', cause: 'lost_after_dot' })
    expect(of('envelope')).toMatchObject({ class: 'outage', cause: 'not_understood' })
  })

  test.each<[Command, string]>([
    ['rcpt', '450 5.1.1 not yet'],
    ['rcpt', '550 4.1.1 odd'],
    ['rcpt', '550 Upstream said 5.1.1'],
    ['rcpt', '554 said: 550 5.1.1 gone'],
    ['mail', '550 5.1.1 gone'],
    ['dot', '550 5.1.1 gone'],
    ['rcpt', '550 5.1.11 gone'],
    ['rcpt', '550 5.1.1.1 gone'],
  ])('only the enhanced code of a 5xx to RCPT puts an address on the list: not %s %s', (command, reply) => {
    expect(answered(command, reply).class).not.toBe('suppress')
  })

  test('without a command the stage says what was answered', () => {
    expect(unnamed('connect', '554 no')).toMatchObject({ class: 'configuration', cause: 'blocked_by_server' })
    expect(unnamed('envelope', '550 5.1.1 gone')).toMatchObject({ class: 'suppress', cause: 'mailbox_unknown' })
    expect(unnamed('dot', '554 5.7.1 spam')).toMatchObject({ class: 'permanent', cause: 'spam_refused' })
  })
})

describe('what the server asked for', () => {
  test.each<[Command, string, number | null]>([
    ['rcpt', '451 4.3.0 try again in 5 minutes', 300_000],
    ['rcpt', '451 Please try again in 30 seconds', 30_000],
    ['dot', '450 4.7.1 Retry after 90 secs', 90_000],
    ['dot', '451 come back in 10 min', 600_000],
    ['dot', '451 come back in 10 mins', 600_000],
    ['rcpt', '451 retry in 20s', 20_000],
    ['rcpt', '451 wait 2 m please', 120_000],
    ['rcpt', '451 try again in one hour', 3_600_000],
    ['rcpt', '451 try again in a minute', 60_000],
    ['rcpt', '451 try again after 3 hours', 3_600_000],
    ['rcpt', '451-4.3.0 try again\r\n451 4.3.0 in 5 minutes', 300_000],
    ['mail', '450 4.7.1 Rate limit: 10 messages, retry in 45 seconds', 45_000],
    ['rcpt', '550 5.7.0 too many emails per second', null],
    ['rcpt', '451 4.7.1 come back later', null],
    ['rcpt', '451 try again in 0 seconds', null],
    // Greylisting: 5 minutes at least, also when less is asked for.
    ['rcpt', '451 4.7.1 Greylisted', 300_000],
    ['rcpt', '451 4.7.1 Greylisted, try again in 60 seconds', 300_000],
    ['rcpt', '451 4.7.1 Greylisting in action, please come back in 00:10:00', 600_000],
    ['rcpt', '451 Greylisted for 99 hours', 3_600_000],
    // Elsewhere the breaker or a person decides when.
    ['rcpt', '421 try again in 5 minutes', null],
    ['auth', '535 5.7.8 try again in 5 minutes', null],
    ['rcpt', '550 5.1.1 try again in 5 minutes', null],
  ])('%s %s', (command, reply, wait) => {
    expect(answered(command, reply).retryAfterMs).toBe(wait)
  })
})

describe('a hostile reply', () => {
  const filling = [
    'a',
    ' ',
    '\n550 ',
    '\r\n550-5.1.1 ',
    'limit ',
    'daily ',
    'mailbox ',
    'mailbox a',
    'relay to ',
    'try again in 9',
    '9',
    'too many ',
    '\u0000',
    '5.1.1.',
    'user ',
    '550 5.1.',
  ]
  test.each(filling)('of 100 kB of %j is judged at once', (part) => {
    const reply = `550 ${part.repeat(Math.ceil(100_000 / part.length))}!`
    const begin = performance.now()
    for (const command of ['greeting', 'auth', 'mail', 'rcpt', 'dot'] as const) answered(command, reply)
    for (const stage of ['connect', 'envelope', 'dot'] as const) silent(stage, null, reply)
    expect(performance.now() - begin).toBeLessThan(500)
  })

  test('is judged by what stands at its beginning', () => {
    expect(answered('rcpt', `550 5.1.1 ${'x'.repeat(100_000)} too many emails per second`)).toMatchObject({
      class: 'suppress',
    })
  })
})

describe('every cause', () => {
  test.each(causes)('%s is a plain sentence, never only a code', (cause) => {
    expect(cause).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect(causeSentence(cause)).toMatch(/^[A-Z][^.]{15,}[^.\s]$/)
    expect(causeSentence(cause)).not.toMatch(/\d/)
    expect(causeOfServer(cause, 'mx.example.net')).toMatch(/^mx\.example\.net [a-z]/)
  })

  test('is recognised as it was stored, and nothing else is', () => {
    for (const cause of causes) expect(knownCause(cause)).toBe(cause)
    for (const other of ['', 'toString', '__proto__', 'constructor', 'Mailbox_full', null, undefined])
      expect(knownCause(other)).toBeNull()
  })
})

test('only what concerns everybody moves the breaker', () => {
  const kinds: [FailureClass, ReturnType<typeof breakerKindOf>][] = [
    ['outage', 'outage'],
    ['throttle', 'throttle'],
    ['configuration', 'configuration'],
    ['quota', 'quota'],
    ['transient', null],
    ['permanent', null],
    ['suppress', null],
    ['ambiguous', null],
  ]
  for (const [failureClass, kind] of kinds) expect(breakerKindOf(failureClass)).toBe(kind)
})
