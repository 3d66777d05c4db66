import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AppError } from '@/core/errors'
import { faultsByField, makeSuperAdminArguments, plainWords } from '@/core/requests'
import { openDatabase } from '@/db/client'
import { ConfigError, readAdminConfig } from '@/runtime/config'
import { makeSuperAdmin } from './make-super-admin'

/**
 * What is done on the server itself, by whoever has it: `npm run admin -- create --email … --first-name … --last-name …`
 * makes a super_admin. In an image: `node dist/admin.mjs create …`.
 */
const usage = 'npm run admin -- create --email maya@example.com --first-name Maya --last-name Example'

class Misused extends Error {}

function wanted(words: string[]) {
  const text = { type: 'string' } as const
  try {
    const { positionals, values } = parseArgs({
      args: words,
      allowPositionals: true,
      options: { email: text, 'first-name': text, 'last-name': text },
    })
    if (positionals.join(' ') !== 'create') throw new Misused(`There is one command, create: ${usage}`)
    const parsed = makeSuperAdminArguments.safeParse(values, { error: plainWords })
    if (parsed.success) return parsed.data
    const faults = Object.entries(faultsByField(parsed.error)).map(([name, fault]) => `--${name}: ${fault}`)
    throw new Misused(`${faults.join('\n')}\n${usage}`)
  } catch (error) {
    if (error instanceof TypeError) throw new Misused(`${error.message}\n${usage}`)
    throw error
  }
}

async function main(): Promise<string> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const person = wanted(process.argv.slice(2))
  const config = readAdminConfig()
  const { db, close } = openDatabase({ url: config.DATABASE_URL, max: 1, part: 'admin', answerWithinMs: 15_000 })
  try {
    // No secret goes with what the others are told, so there is no key to seal it with.
    const { link } = await makeSuperAdmin({ db, config: { ...config, SECRETS_KEYS: [] } }, person)
    return `${person.email} is a Super Administrator now. This link sets their password; it works once, for 72 h:\n${link}\n`
  } finally {
    await close()
  }
}

main().then(
  (words) => process.stdout.write(words),
  (error: unknown) => {
    const isExpected = error instanceof Misused || error instanceof ConfigError || error instanceof AppError
    process.stderr.write(`${isExpected ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
    process.exitCode = 1
  },
)
