import { ConfigError } from '@/runtime/config'
import type { Sql } from './client'
import { databaseRoles, type DatabaseRole } from './roles'
import { scramVerifier } from './scram'

/** Logins belong to the server: another of its databases may be doing the same at this moment. */
const tries = 10
const metAnother = (error: unknown) => {
  const { code, message } = error as { code?: string; message?: string }
  return code === '42710' || code === '23505' || message === 'tuple concurrently updated'
}

/**
 * Makes the login that an address names, or gives it the password of that address, and makes it a member of its role. Whoever
 * makes logins in another way leaves APP_DATABASE_URL and WORKER_DATABASE_URL out when migrating.
 */
export async function ensureLogin(sql: Sql, role: DatabaseRole, url: string): Promise<void> {
  const { username, password } = new URL(url)
  const [login, secret] = [decodeURIComponent(username), decodeURIComponent(password)]
  const variable = role === 'app' ? 'APP_DATABASE_URL' : 'WORKER_DATABASE_URL'
  // Other characters would have to be prepared (SASLprep) before they are hashed.
  if (!/^[\x21-\x7E]+$/.test(secret)) {
    throw new ConfigError(`${variable} must hold a login and its password, of printable ASCII characters.`)
  }
  const [me] = await sql<{ name: string }[]>`select current_user as name`
  if (login === me?.name) {
    throw new ConfigError(`${variable} names the login that migrates and owns everything: give it one of its own.`)
  }
  const run = async (template: string, ...names: string[]) => {
    const [row] = await sql<{ statement: string }[]>`
      select format(${template}, variadic ${names}::text[]) as statement`
    await sql.unsafe(row?.statement ?? '')
  }
  for (let left = tries; ; left--) {
    try {
      const known = await sql`select from pg_roles where rolname = ${login}`
      if (known.length === 0) await run('create role %I login', login)
      await run('alter role %I with login password %L', login, scramVerifier(secret))
      await run('grant %I to %I', databaseRoles[role], login)
      return
    } catch (error) {
      if (left <= 1 || !metAnother(error)) throw error
    }
  }
}
