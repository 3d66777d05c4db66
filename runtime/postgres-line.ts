import { isIP } from 'node:net'
import { readPem } from './pem'

export type PostgresLine = {
  /** For postgres.js: without what is said in `ssl`. */
  url: string
  host: string
  ssl: false | { rejectUnauthorized: true; minVersion: 'TLSv1.2'; ca?: string; servername?: string; host?: string }
}

/**
 * How DATABASE_URL asks for its line to be made, in libpq's own words: `sslmode=verify-full`, and `sslrootcert=/path` where no
 * authority that Node knows has signed. Said to postgres.js explicitly, because by itself it checks nothing for `require`, hands
 * `sslrootcert` on to the server, and compares the certificate of a server that is named by its number with `localhost`.
 * @returns the line, or what is wrong, to follow the variable's name
 */
export function postgresLine(address: string): PostgresLine | { problem: string } {
  const url = new URL(address)
  const { hostname, searchParams } = url
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '' || host.includes(',')) return { problem: 'must name one server' }
  const take = (name: string) => {
    const value = searchParams.get(name)
    searchParams.delete(name)
    return value
  }
  const mode = take('sslmode')
  const authority = take('sslrootcert')
  const other = [...searchParams.keys()].find((name) => name.startsWith('ssl') && name !== 'sslnegotiation')
  if (other) return { problem: `has ${other}, which is not understood: say sslmode=verify-full` }
  if (mode === null || mode === 'disable') {
    if (authority !== null)
      return { problem: 'has sslrootcert without sslmode=verify-full: nothing would be encrypted' }
    return { url: mode === null ? address : url.href, host, ssl: false }
  }
  if (mode !== 'verify-full')
    return { problem: 'has a sslmode that does not check who answers: say sslmode=verify-full, or leave it out' }
  // `system` is libpq's word for the authorities that are known anyway.
  const known = authority === null || authority === 'system' ? null : readPem(authority, 'certificates')
  if (known && 'problem' in known) return { problem: `has a sslrootcert that ${known.problem}` }
  return {
    url: url.href,
    host,
    ssl: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(known && { ca: known.pem }),
      ...(isIP(host) === 0 ? { servername: host } : { host }),
    },
  }
}
