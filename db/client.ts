import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'
import { ConfigError } from '@/runtime/config'
import { postgresLine, type PostgresLine } from '@/runtime/postgres-line'
import * as schema from './schema'

/** Typed queries for the web process. Drizzle changes how its client reads instants, so the worker does not share it. */
export type Database = PostgresJsDatabase<typeof schema>
/** The same inside a transaction. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Executor = Database | Transaction

/** Plain statements for the worker's hot path. */
export type { Sql }

type Options = {
  url: string
  max: number
  part: string
  /** When Postgres has said nothing for so long, a query fails and its connection is closed. */
  answerWithinMs?: number
}

/** Below the 4.5 s that a request may take in all (server/failures.ts). */
const webAnswerMs = 4_000
const workerAnswerMs = 9_000
/** Far longer than any statement of ours keeps a row; whoever keeps one longer must not hold up the others (isRowLocked). */
const rowLockMs = 2_000

/** Every connection of the product is made by this: encrypted and checked as its address asks. */
export function lineTo(address: string): Pick<PostgresLine, 'url' | 'ssl'> {
  const line = postgresLine(address)
  if ('problem' in line) throw new ConfigError(`DATABASE_URL ${line.problem}.`)
  return line
}

function connect(options: Options, answerWithinMs: number, settings: Partial<postgres.Options<{}>> = {}) {
  const { url, ssl } = lineTo(options.url)
  const sql = postgres(url, {
    ssl,
    max: options.max,
    connect_timeout: 3,
    // Ours, by patches/: without it a query on a line that has gone silent is never answered.
    query_timeout: answerWithinMs / 1_000,
    keep_alive: 10,
    // Its own backoff grows to 20 s over all connections together: Postgres would be back long before anyone asks again.
    backoff: () => 0.1 + Math.random() * 0.2,
    onnotice: () => undefined,
    ...settings,
    connection: {
      application_name: options.part,
      // Before the deadline above, so that a server that lives always says itself what became of a statement.
      statement_timeout: Math.max(answerWithinMs - 500, 1),
      // A transaction whose client was lost must not keep its locks.
      idle_in_transaction_session_timeout: 10_000,
      TimeZone: 'UTC',
      ...settings.connection,
    },
  })
  // Where npm was told to run no scripts: such a driver can end the process, and wait for ever.
  if (!('query_timeout' in sql.options)) throw new Error('postgres.js lacks our patch: run `npm run postinstall`.')
  return sql
}

export function openDatabase(options: Options): { db: Database; sql: Sql; close: () => Promise<void> } {
  const sql = connect(options, options.answerWithinMs ?? webAnswerMs)
  return { db: drizzle(sql, { schema }), sql, close: () => sql.end({ timeout: 5 }) }
}

/** A statement of a page that takes longer is ended, so that one wide search keeps the others waiting for so long at most. */
const pageStatementMs = 2_000

/**
 * For what lists and searches read: connections of their own, so that however slow they are, mail is accepted all the same.
 *
 * Each statement is planned with its values, since what is rare and what is common want other plans. None walks through a whole
 * table where an index leads to what is wanted, nor is compiled first: that takes longer than all of it.
 */
export function openPages(options: Omit<Options, 'answerWithinMs'>): { db: Database; close: () => Promise<void> } {
  const sql = connect(options, pageStatementMs + 500, {
    connection: { plan_cache_mode: 'force_custom_plan', enable_seqscan: 'off', jit: 'off' },
  })
  return { db: drizzle(sql, { schema }), close: () => sql.end({ timeout: 5 }) }
}

/**
 * A plan made while the outbox is empty ruins the next burst (5 s instead of 5 ms for a relay batch of 500), so every
 * statement is planned with its values.
 */
export function openWorkerDatabase(options: Options): Sql {
  return connect(options, options.answerWithinMs ?? workerAnswerMs, {
    connection: { plan_cache_mode: 'force_custom_plan', lock_timeout: rowLockMs },
  })
}

/**
 * Calls back whenever somebody says so on this channel: `outbox` when work was left for the relay, `breaker` when one has
 * changed. What comes while the line is down is missed: polling is the safety net.
 *
 * LISTEN is said again and again. A session that listens already takes no notice; a line that has gone silent, on which
 * nothing would ever come, misses its deadline and is replaced; and a new session begins to listen.
 */
export function listenFor(
  channel: 'outbox' | 'breaker',
  url: string,
  onNotice: () => void,
  { sayEveryMs, answerWithinMs } = { sayEveryMs: 5_000, answerWithinMs: workerAnswerMs },
): { stop: () => Promise<void> } {
  const line = connect({ url, max: 1, part: `hears ${channel}` }, answerWithinMs, {
    onnotify: onNotice,
    max_lifetime: null,
    fetch_types: false,
  })
  let timer: NodeJS.Timeout
  let isStopped = false
  const listen = async () => {
    // Away: said again below, and by whoever else asks Postgres for something now.
    await line`listen ${line(channel)}`.catch(() => undefined)
    if (!isStopped) timer = setTimeout(() => void listen(), sayEveryMs)
  }
  void listen()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await line.end({ timeout: 1 })
    },
  }
}
