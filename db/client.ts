import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'
import * as schema from './schema'

/** Typed queries for the web process. Drizzle changes how its client reads instants, so the worker does not share it. */
export type Database = PostgresJsDatabase<typeof schema>
/** The same inside a transaction. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Executor = Database | Transaction

/** Plain statements for the worker's hot path. */
export type { Sql }

type Options = { url: string; max: number; part: string; statementTimeoutMs?: number }

function connect(options: Options, settings: Record<string, string | number>) {
  return postgres(options.url, {
    max: options.max,
    connect_timeout: 5,
    // Its own backoff grows to 20 s over all connections together: Postgres would be back long before anyone asks again.
    backoff: () => 0.1 + Math.random() * 0.2,
    onnotice: () => undefined,
    connection: {
      application_name: options.part,
      statement_timeout: options.statementTimeoutMs ?? 15_000,
      TimeZone: 'UTC',
      ...settings,
    },
  })
}

export function openDatabase(options: Options): { db: Database; sql: Sql; close: () => Promise<void> } {
  const sql = connect(options, {})
  return { db: drizzle(sql, { schema }), sql, close: () => sql.end({ timeout: 5 }) }
}

/**
 * A plan made while the outbox is empty ruins the next burst (5 s instead of 5 ms for a relay batch of 500), so every
 * statement is planned with its values.
 */
export function openWorkerDatabase(options: Options): Sql {
  return connect(options, { plan_cache_mode: 'force_custom_plan' })
}

/** Calls back whenever work was left for the relay. Reconnects by itself; polling is the safety net. */
export async function listenForWork(sql: Sql, onWork: () => void): Promise<{ stop: () => Promise<void> }> {
  const listening = await sql.listen('outbox', onWork)
  return { stop: () => listening.unlisten() }
}
