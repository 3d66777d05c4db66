import { certificateFault } from '@/core/certificate-fault'

/** What Postgres or the line to it said, wherever drizzle has wrapped it. */
type DatabaseFault = Error & { code: string; constraint_name?: string }

function faultOf(error: unknown): DatabaseFault | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at as DatabaseFault
  }
  return null
}

/**
 * SQLSTATE classes and codes: connection, out of something (disk, memory, connections), shutting down or starting, statement
 * timeout, idle in a transaction for too long, a lock that was not had in time.
 */
const awayStates = /^(08...|53...|57P0[1235]|57014|25P03|55P03)$/
const awayCodes =
  /^((CONNECT|QUERY)_TIMEOUT|CONNECTION_(CLOSED|ENDED|DESTROYED)|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/

/** Postgres cannot be reached or cannot answer now; the same request may work in a moment. */
export function isDatabaseAway(error: unknown): boolean {
  const code = faultOf(error)?.code
  return code !== undefined && (awayStates.test(code) || awayCodes.test(code) || certificateFault(code) !== null)
}

/** Why no encrypted line to Postgres can be made, for whoever starts a process; null when it is something else. */
export function lineRefusal(error: unknown): string | null {
  const fault = faultOf(error)
  const certificate = fault && certificateFault(fault.code)
  if (certificate)
    return `The certificate of Postgres ${certificate}: check the host and sslrootcert in DATABASE_URL, and the server's certificate.`
  // It answered "no" when it was asked to encrypt, and hung up when the encryption began all the same.
  if (fault?.code === 'ECONNRESET' && fault.message.includes('before secure TLS connection'))
    return 'Postgres hung up before the line was encrypted: check that the server of DATABASE_URL has ssl = on.'
  return null
}

/** A statement took longer than it may. */
export const isStatementEnded = (error: unknown): boolean => faultOf(error)?.code === '57014'

/** Somebody else kept a row locked for longer than we wait: everything but that row works. */
export const isRowLocked = (error: unknown): boolean => faultOf(error)?.code === '55P03'

/** Postgres is away, or it answered with an error of any kind: what was asked of it did not happen. */
export const isDatabaseFault = (error: unknown): boolean =>
  isDatabaseAway(error) || (error instanceof Error && 'severity' in error)

/** SQLSTATE classes 22, 23 and 54: what was to be written is not possible, and never will be. */
export const refusesValue = (error: unknown): boolean => /^(22|23|54)/.test(faultOf(error)?.code ?? '')

/** A row with the same value is there already. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const fault = faultOf(error)
  return fault?.code === '23505' && fault.constraint_name === constraint
}

/** For the log: drizzle's own message lists the parameters of the query, and they may be secret. */
export function withoutParameters(error: unknown): unknown {
  return error instanceof Error && error.message.startsWith('Failed query') ? (error.cause ?? error.name) : error
}
