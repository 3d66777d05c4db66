import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
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
import type { MessageType, Status } from '@/core/message'
import type { Role } from '@/core/roles'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const instant = (name: string) => timestamp(name, { withTimezone: true })
const now = sql`now()`

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
    /** Raised to end every session of this person at once. */
    sessionVersion: integer('session_version').notNull().default(1),
    lastSignInAt: instant('last_sign_in_at'),
    createdByName: text('created_by_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    uniqueIndex('users_email_key').on(sql`lower(${table.email})`),
    check('users_role_known', sql`${table.role} in ('user', 'supporter', 'admin', 'super_admin')`),
    check('users_status_known', sql`${table.status} in ('active', 'disabled')`),
  ],
)

/** Keys of other services: only the SHA-256 of a key is kept; `prefix` is what people recognise it by. */
export const apiKeys = pgTable('api_keys', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
  prefix: text().notNull(),
  hash: bytea().notNull().unique(),
  scopes: text().array().notNull(),
  revokedAt: instant('revoked_at'),
  lastUsedAt: instant('last_used_at'),
  createdAt: instant('created_at').notNull().default(now),
})

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
    mayHaveBeenDelivered: boolean('may_have_been_delivered').notNull().default(false),
    /** When it may next be sent; what people see as "next try at". */
    dueAt: instant('due_at').notNull().default(now),
    sentAt: instant('sent_at'),
    closedAt: instant('closed_at'),
    deadReason: text('dead_reason'),
    /** The server's last words, or what went wrong instead of them. */
    lastReply: text('last_reply'),
    userId: integer('user_id').references(() => users.id, { onDelete: 'set null' }),
    createdByName: text('created_by_name').notNull(),
    createdAt: instant('created_at').notNull().default(now),
  },
  (table) => [
    index('messages_user')
      .on(table.userId, table.id)
      .where(sql`${table.userId} is not null`),
    check(
      'messages_status_known',
      sql`${table.status} in ('queued', 'sending', 'retrying', 'sent', 'dead', 'cancelled', 'suppressed')`,
    ),
    check('messages_max_retries_positive', sql`${table.maxRetries} > 0`),
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
  (table) => [index('message_events_message').on(table.messageId, table.id)],
)

/**
 * The work left. `kind` send: the mail itself; dead_letter: its notice on `email-dlq`.
 * `due_at` gates the hold; `ring_at` only says when its record is published (again).
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text().$type<'send' | 'dead_letter'>().notNull(),
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
    check('outbox_kind_known', sql`${table.kind} in ('send', 'dead_letter')`),
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

/** Who did what, in the same transaction as the thing itself. */
export const auditLog = pgTable('audit_log', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: instant('at').notNull().default(now),
  actor: text().notNull(),
  action: text().notNull(),
  target: text().notNull(),
  detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  requestId: text('request_id').notNull(),
})
