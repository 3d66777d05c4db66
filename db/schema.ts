import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { DeliveryMode } from '@/core/delivery-mode'
import type { MessageType, Status } from '@/core/message'
import type { Role } from '@/core/roles'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const instant = (name: string) => timestamp(name, { withTimezone: true })
const now = sql`now()`

export type OutboxKind = 'send' | 'dead_letter' | 'dead_letter_recalled' | 'dead_record'

/** Account holders and staff. The address is unique without regard to capitals. */
export const users = pgTable(
  'users',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    firstName: text('first_name').notNull(),
    lastName: text('last_name').notNull(),
    email: text().notNull(),
    role: text().$type<Role>().notNull().default('user'),
    status: text().$type<'active' | 'disabled'>().notNull().default('active'),
    /** argon2id; null until the person has chosen one. */
    passwordHash: text('password_hash'),
    passwordChangedAt: instant('password_changed_at'),
    /** Given by staff: must be changed at the first sign-in. */
    mustChangePassword: boolean('must_change_password').notNull().default(false),
    /** A first password opens nothing after this; null for one of their own. */
    firstPasswordExpiresAt: instant('first_password_expires_at'),
    /** Raised to end every session of this person at once. */
    sessionVersion: integer('session_version').notNull().default(1),
    /** The end of their first steps; from then on only the last one matters. */
    firstSignInAt: instant('first_sign_in_at'),
    lastSignInAt: instant('last_sign_in_at'),
    createdByName: text('created_by_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    uniqueIndex('users_email_key').on(sql`lower(${table.email})`),
    /** Parts of names, in both orders, and of addresses. */
    index('users_words').using(
      'gin',
      sql`(${table.firstName} || ' ' || ${table.lastName} || ' ' || ${table.firstName} || ' ' || ${table.email}) gin_trgm_ops`,
    ),
    /** The orders of the list, each a page by cursor. */
    index('users_created').on(table.createdAt, table.id),
    index('users_first_name').on(sql`lower(${table.firstName})`, table.id),
    index('users_last_name').on(sql`lower(${table.lastName})`, table.id),
    index('users_role').on(table.role, table.id),
    check('users_role_known', sql`${table.role} in ('user', 'supporter', 'admin', 'super_admin')`),
    check('users_status_known', sql`${table.status} in ('active', 'disabled')`),
  ],
)

/** One row for each sign-in that is still of use. Its id stands in the cookie; what ends it is asked at every request. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid().primaryKey(),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull().default(now),
    /** Moved at most once a minute; a session that rests for 60 min has ended. */
    seenAt: instant('seen_at').notNull().default(now),
    /** Absolute: 8 h after the sign-in. */
    expiresAt: instant('expires_at').notNull(),
    address: text().notNull(),
    userAgent: text('user_agent').notNull(),
  },
  (table) => [index('sessions_user').on(table.userId)],
)

/** An authenticator app (TOTP, RFC 6238). The secret is sealed; until it is confirmed it asks for nothing. */
export const secondFactors = pgTable('second_factors', {
  userId: integer('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  sealed: bytea().notNull(),
  confirmedAt: instant('confirmed_at'),
  /** The time step of the code that was used last: a code works once. */
  lastStep: bigint('last_step', { mode: 'number' }).notNull().default(0),
  createdAt: instant('created_at').notNull().default(now),
})

/** Each opens once what the lost app would have opened; only the SHA-256 is kept. */
export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    hash: bytea().notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hash] })],
)

/** What a super_admin decides for each role of staff. */
export const roleSettings = pgTable('role_settings', {
  role: text().$type<Role>().primaryKey(),
  secondFactorRequired: boolean('second_factor_required').notNull().default(false),
})

/** Failed sign-ins of an account and of an address: each next try has to wait longer, and none for ever. */
export const signInDelays = pgTable('sign_in_delays', {
  /** `account:<keyed hash of the typed address>` or `address:<where from>`. */
  key: text().primaryKey(),
  failures: integer().notNull(),
  failedAt: instant('failed_at').notNull().default(now),
  /** Nobody is let in before this. */
  waitUntil: instant('wait_until').notNull(),
})

/** The one-time link that makes the first super_admin of a new installation; only its hash. */
export const setupLinks = pgTable('setup_links', {
  tokenHash: bytea('token_hash').primaryKey(),
  createdAt: instant('created_at').notNull().default(now),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
})

/** Keys of other services: only the SHA-256 of a key is kept; `prefix` is what people recognise it by. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    name: text().notNull(),
    prefix: text().notNull(),
    hash: bytea().notNull().unique(),
    scopes: text().array().notNull(),
    /** It reaches no account above this role: the role of whoever made it. */
    role: text().$type<Role>().notNull().default('super_admin'),
    /** live: to anybody. guest_list: to anybody else it is held. test: stored and pretended, never sent. */
    kind: text().$type<DeliveryMode>().notNull().default('live'),
    /** Addresses, or whole domains as `@example.com`, that a key of the kind guest_list may write to. */
    guestList: text('guest_list').array().notNull().default([]),
    /** Where it may be used from: addresses or networks (CIDR). Empty: from anywhere. */
    allowedAddresses: text('allowed_addresses').array().notNull().default([]),
    requestsPerMinute: integer('requests_per_minute').notNull().default(600),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
    createdByName: text('created_by_name').notNull().default('system'),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    check('api_keys_kind_known', sql`${table.kind} in ('live', 'guest_list', 'test')`),
    check('api_keys_role_known', sql`${table.role} in ('admin', 'super_admin')`),
  ],
)

/** Token buckets, shared by all web processes: `key:<id>` and what else is limited by the minute. */
export const rateLimits = pgTable('rate_limits', {
  key: text().primaryKey(),
  tokens: doublePrecision().notNull(),
  refilledAt: instant('refilled_at').notNull().default(now),
})

/** What was counted today: mails to one address, mails and accounts by one actor. Counted up, never counted over rows. */
export const dailyCounts = pgTable(
  'daily_counts',
  {
    day: date().notNull(),
    /** `to:<keyed hash of the address>`, `by:user:5`, `by:key:1`. */
    key: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.key] })],
)

/**
 * What people see of each mail. No index mentions `status`: both updates of every mail (hold, settle) then touch no
 * index (PERFORMANCE: heap-only updates). Secrets are never here, see `message_secrets`.
 */
export const messages = pgTable(
  'messages',
  {
    id: uuid()
      .primaryKey()
      .default(sql`uuidv7()`),
    type: text().$type<MessageType>().notNull(),
    template: text().notNull(),
    toAddress: text('to_address').notNull(),
    fromAddress: text('from_address').notNull(),
    replyTo: text('reply_to'),
    subject: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    /** The body or a part of it is sealed elsewhere; nobody reads it here. */
    sensitive: boolean().notNull(),
    /** 0 high, 1 normal, 2 low. */
    priority: smallint().notNull(),
    status: text().$type<Status>().notNull().default('queued'),
    /** Failed tries; at most `max_retries` after the first. */
    retryCount: smallint('retry_count').notNull().default(0),
    maxRetries: smallint('max_retries').notNull(),
    /** How many workers died while they held it. */
    crashes: smallint().notNull().default(0),
    /** Times that it was given back because the server failed in the middle of it: a lone one is not free for ever. */
    outages: smallint().notNull().default(0),
    mayHaveBeenDelivered: boolean('may_have_been_delivered').notNull().default(false),
    /** When it may next be sent; what people see as "next try at". */
    dueAt: instant('due_at').notNull().default(now),
    /** When it was asked to go out, or let go; null: at once. Its promise is counted from then. */
    sendAt: instant('send_at'),
    sentAt: instant('sent_at'),
    closedAt: instant('closed_at'),
    deadReason: text('dead_reason'),
    /** The server's last words, or what went wrong instead of them. */
    lastReply: text('last_reply'),
    /** What they mean: a `Cause` of core/smtp-failure.ts. Groups dead letters and gives the sentence. */
    lastCause: text('last_cause'),
    /** Never sent after this: a reset request is old news after an hour. */
    expiresAt: instant('expires_at')
      .notNull()
      .default(sql`now() + interval '72 hours'`),
    /** After a send of which nobody knows whether it arrived: one late try, or parked for a person at once. */
    onAmbiguous: text('on_ambiguous').$type<'retry' | 'hold'>().notNull().default('retry'),
    /** Who asked: our own use cases, or another producer by a record on the topic. */
    source: text().$type<'api' | 'kafka'>().notNull().default('api'),
    /**
     * The id that another producer gave it. Ours begin with the time, by which lists are sorted; theirs may be any UUID, and the
     * same one again is the same mail.
     */
    producerId: uuid('producer_id'),
    /**
     * What becomes of it: sent; held until staff release it (its outbox row is due at infinity meanwhile); or pretended:
     * rendered and settled, and never handed to a mail server.
     */
    delivery: text().$type<'send' | 'held' | 'pretend'>().notNull().default('send'),
    /** The message that this one was sent again for. */
    resendOf: uuid('resend_of'),
    userId: integer('user_id').references(() => users.id, { onDelete: 'set null' }),
    createdByName: text('created_by_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    index('messages_user')
      .on(table.userId, table.id)
      .where(sql`${table.userId} is not null`),
    /** Parts of words, for lists (db/find-messages.ts). A short pending list: whoever fills it up has to empty it. */
    index('messages_words')
      .using('gin', table.toAddress.op('gin_trgm_ops'), table.subject.op('gin_trgm_ops'))
      .with({ gin_pending_list_limit: 512 }),
    index('messages_template').on(table.template, table.id),
    index('messages_type').on(table.type, table.id),
    index('messages_sender').on(table.createdByName, table.id),
    /** Whose a message is, without a look at the message: lists of people by what became of their mail ask it of thousands. */
    index('messages_person')
      .on(table.id, table.userId)
      .where(sql`${table.userId} is not null`),
    uniqueIndex('messages_producer_id')
      .on(table.producerId)
      .where(sql`${table.producerId} is not null`),
    check(
      'messages_status_known',
      sql`${table.status} in ('queued', 'sending', 'retrying', 'sent', 'dead', 'cancelled', 'suppressed')`,
    ),
    check('messages_max_retries_positive', sql`${table.maxRetries} > 0`),
    check('messages_on_ambiguous_known', sql`${table.onAmbiguous} in ('retry', 'hold')`),
    check('messages_source_known', sql`${table.source} in ('api', 'kafka')`),
    check('messages_delivery_known', sql`${table.delivery} in ('send', 'held', 'pretend')`),
  ],
)

/** A first password or a sensitive body, AES-256-GCM, bound to the message. The row goes when the mail is settled. */
export const messageSecrets = pgTable('message_secrets', {
  messageId: uuid('message_id').primaryKey(),
  sealed: bytea().notNull(),
  createdAt: instant('created_at').notNull().default(now),
})

/** The story of each message, append-only. Written in the statement that changes the message, so no foreign key is checked. */
export const messageEvents = pgTable(
  'message_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    messageId: uuid('message_id').notNull(),
    at: instant('at').notNull().default(now),
    event: text().notNull(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  },
  (table) => [
    index('message_events_message').on(table.messageId, table.id),
    /** What ended otherwise than accepted, newest first: finds by status what no index of `messages` may mention. */
    index('message_events_ended')
      .on(table.event, table.messageId)
      .where(sql`${table.event} in ('dead', 'worker_lost', 'cancelled', 'suppressed', 'pretended')`),
    /** Rows only ever come at the end, so a few bytes a hundred pages find an hour of them. */
    index('message_events_at').using('brin', table.at).with({ autosummarize: true, pages_per_range: 32 }),
  ],
)

/**
 * What became of the mail of each hour, by the hour in which it happened (UTC). A few bytes that stay when messages are
 * removed: charts and the promise are read from here, and nobody counts over messages. Written by one worker (db/delivery-hours.ts).
 */
export const deliveryHours = pgTable('delivery_hours', {
  hour: instant('hour').primaryKey(),
  /** Asked for in this hour. */
  asked: integer().notNull(),
  /** Accepted by a mail server in this hour, whenever asked for. */
  accepted: integer().notNull(),
  /** Of those: within 10 s of being asked for, or of the time that was asked for. */
  inTime: integer('in_time').notNull(),
  /** Of those: at the first try. */
  atFirstTry: integer('at_first_try').notNull(),
  /** Given up in this hour. */
  dead: integer().notNull(),
  /** Half, and 95 of 100, were accepted within so many milliseconds; null: none was. */
  medianMs: integer('median_ms'),
  p95Ms: integer('p95_ms'),
})

/** What staff want each other to know about a person. */
export const notes = pgTable(
  'notes',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    body: text().notNull(),
    /** Who wrote it; null when their account is gone, and `author_name` still says who it was. */
    authorId: integer('author_id').references(() => users.id, { onDelete: 'set null' }),
    authorName: text('author_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [index('notes_user').on(table.userId, table.id)],
)

/**
 * The work left. `kind` send: the mail itself; dead_letter: its notice on `email-dlq`; dead_letter_recalled: the notice that
 * it was sent after all; dead_record: the notice of a record that was kept aside (`kafka_partition` and `kafka_offset` name
 * it, `message_id` is one of its own).
 * `due_at` gates the hold; `ring_at` only says when its record is published (again).
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text().$type<OutboxKind>().notNull(),
    messageId: uuid('message_id').notNull(),
    /** Which try this row stands for; a record of an earlier one is stale. */
    attempt: integer().notNull().default(1),
    priority: smallint().notNull(),
    dueAt: instant('due_at').notNull().default(now),
    ringAt: instant('ring_at').notNull(),
    /** How often it was rung for this attempt; spaces the next ring. */
    rings: smallint().notNull().default(0),
    /** Since when Kafka has not taken its record; null when it has, or was not asked. */
    kafkaFailedAt: instant('kafka_failed_at'),
    /** The token of the worker that is sending it now. Settle is fenced by it. */
    hold: uuid(),
    heldAt: instant('held_at'),
    heldUntil: instant('held_until'),
    heldBy: text('held_by'),
    /** Where the record that led to the hold stands in Kafka. */
    kafkaPartition: integer('kafka_partition'),
    kafkaOffset: bigint('kafka_offset', { mode: 'number' }),
  },
  (table) => [
    uniqueIndex('outbox_one_send')
      .on(table.messageId)
      .where(sql`${table.kind} = 'send'`),
    index('outbox_ring').on(table.priority, table.ringAt),
    check('outbox_kind_known', sql`${table.kind} in ('send', 'dead_letter', 'dead_letter_recalled', 'dead_record')`),
  ],
)

/**
 * Links that set a password: only the SHA-256 of the token. Whether one still works is asked when it is used: unused, not
 * expired, no newer mail of the same kind, and no password chosen since the mail was asked for.
 */
export const oneTimeLinks = pgTable(
  'one_time_links',
  {
    tokenHash: bytea('token_hash').primaryKey(),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    messageId: uuid('message_id').notNull(),
    createdAt: instant('created_at').notNull().default(now),
    expiresAt: instant('expires_at').notNull(),
    /** When its page was first seen in a browser; a mail scanner that only fetches does not count. */
    openedAt: instant('opened_at'),
    usedAt: instant('used_at'),
  },
  (table) => [index('one_time_links_user').on(table.userId)],
)

/** Records that are not ours or cannot be read, kept byte for byte, so that nothing is lost and nobody behind them waits. */
export const deadRecords = pgTable(
  'dead_records',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: bigint({ mode: 'number' }).notNull(),
    reason: text().notNull(),
    key: bytea(),
    value: bytea(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    receivedAt: instant('received_at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition, table.offset] })],
)

/** Addresses that get no mail. Entered by a hard bounce, or by people; who, when and why stands in the audit log too. */
export const suppressions = pgTable(
  'suppressions',
  {
    /** `sameAddressKey` of the address. */
    addressKey: text('address_key').primaryKey(),
    address: text().notNull(),
    reason: text().$type<'hard_bounce' | 'manual'>().notNull(),
    /** In words: the server's reply, or what the person wrote. */
    note: text(),
    /** The message whose bounce entered it. Proven sent later, it takes the entry back. */
    messageId: uuid('message_id'),
    createdByName: text('created_by_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [check('suppressions_reason_known', sql`${table.reason} in ('hard_bounce', 'manual')`)],
)

/** One row for each SMTP route: whether we send on it now. Shared by all workers, read by the web process. */
export const breakers = pgTable(
  'breakers',
  {
    route: text().$type<'primary' | 'fallback'>().primaryKey(),
    /** closed: mail flows. open: nobody sends. half_open: a probe went well, and single mails try whether it really works. */
    state: text().$type<'closed' | 'open' | 'half_open'>().notNull().default('closed'),
    /** Why it is open. */
    kind: text().$type<'outage' | 'throttle' | 'configuration' | 'quota'>(),
    cause: text(),
    reply: text(),
    /** Since when mail is delayed: kept while it goes between open and half-open. */
    openedAt: instant('opened_at'),
    /** When the next probe may be made; whoever makes it moves it ahead first. */
    probeAt: instant('probe_at'),
    /** Probes and single mails that failed since it opened; spaces the next probe. */
    failures: smallint().notNull().default(0),
  },
  (table) => [
    check('breakers_route_known', sql`${table.route} in ('primary', 'fallback')`),
    check('breakers_state_known', sql`${table.state} in ('closed', 'open', 'half_open')`),
  ],
)

/** The token bucket of SEND_RATE, one row, shared by all workers. */
export const sendRate = pgTable('send_rate', {
  id: smallint().primaryKey(),
  tokens: doublePrecision().notNull(),
  refilledAt: instant('refilled_at').notNull().default(now),
  /** The UTC day that `sent_today` counts. */
  day: date().notNull(),
  sentToday: integer('sent_today').notNull().default(0),
  /** The day's share is used up: nothing is sent before this. */
  usedUpUntil: instant('used_up_until'),
})

/** The first answer to each Idempotency-Key, for 24 h. Key and request only as keyed hashes: a body may hold a password. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** `user:5` or `key:1`: a key means nothing to anybody else. */
    caller: text().notNull(),
    keyHash: bytea('key_hash').notNull(),
    requestHash: bytea('request_hash').notNull(),
    /** The answer as it was given. */
    status: smallint().notNull(),
    answer: jsonb().$type<Record<string, unknown>>().notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    primaryKey({ columns: [table.caller, table.keyHash] }),
    index('idempotency_keys_created').on(table.createdAt),
  ],
)

/** Every running web and worker process, with what has to agree between them. `seen_at` moves while it lives. */
export const processes = pgTable('processes', {
  name: text().primaryKey(),
  kind: text().$type<'web' | 'worker'>().notNull(),
  facts: jsonb().$type<Record<string, unknown>>().notNull(),
  startedAt: instant('started_at').notNull().default(now),
  seenAt: instant('seen_at').notNull().default(now),
})

/** Who did what, in the same transaction as the thing itself. Written once: nobody changes or removes a row. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant('at').notNull().default(now),
    /** `user:5`, `key:1`, `system`, `nobody`: names change, ids do not. */
    actor: text().notNull(),
    /** The name that the actor had then; the account may be gone since. */
    actorName: text('actor_name'),
    action: text().notNull(),
    target: text().notNull(),
    /** What was changed, field by field; never a secret. */
    before: jsonb().$type<Record<string, unknown>>(),
    after: jsonb().$type<Record<string, unknown>>(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Where the request came from; null for what no request caused. */
    address: text(),
    requestId: text('request_id').notNull(),
  },
  (table) => [
    index('audit_log_actor').on(table.actor, table.id),
    index('audit_log_target').on(table.target, table.id),
    index('audit_log_action').on(table.action, table.id),
  ],
)
