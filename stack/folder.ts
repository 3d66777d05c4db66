import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import { StackFault } from './fault'
import { removePostgres } from './postgres'

const secretsSchema = z.object({
  databasePassword: z.string(),
  nextauthSecret: z.string(),
  secretsKeys: z.string(),
  signingKeys: z.string(),
  apiKey: z.string(),
})

/** What a stack makes up for itself, once for the life of its folder. */
export type Secrets = z.infer<typeof secretsSchema>

const secretsFile = (folder: string) => join(folder, 'secrets.json')

/** Takes an empty folder, or one that is a stack's already (its mark is secrets.json), so that nobody's files are ever emptied. */
export function claimFolder(folder: string): Secrets {
  try {
    refuseForeign(folder)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!existsSync(secretsFile(folder))) writeOnce(secretsFile(folder), newSecrets())
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!code) throw error
    throw new StackFault(`${folder} cannot be used (${code}): let STACK_DIR name a folder that you can write to.`, {
      cause: error,
    })
  }
  const secrets = secretsSchema.safeParse(JSON.parse(readFileSync(secretsFile(folder), 'utf8')))
  if (!secrets.success) throw new StackFault(`${secretsFile(folder)} is damaged: run \`npm run reset\` to begin anew.`)
  return secrets.data
}

/** Removes a stopped stack's data, its secrets last: until then the folder is still known as ours. */
export function emptyFolder(folder: string): void {
  refuseForeign(folder)
  removePostgres(join(folder, 'postgres'))
  const names = existsSync(folder) ? readdirSync(folder) : []
  for (const name of names.filter((name) => name !== 'secrets.json')) rmSync(join(folder, name), { recursive: true })
  rmSync(secretsFile(folder), { force: true })
}

/** What tests and scripts read once the stack is ready. */
export type StackFile = {
  web: string
  api: string
  worker: string
  mail: string | null
  smtp: string
  kafka: string
  database: string
  pids: Partial<Record<'web' | 'worker' | 'kafka' | 'postgres' | 'mail', number>>
  /** Null in a database that the stack did not make. */
  login: { email: string; password: string } | null
  api_key: string | null
}

export function writeStackFile(folder: string, content: StackFile): void {
  const file = join(folder, 'stack.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function refuseForeign(folder: string): void {
  if (!existsSync(folder) || existsSync(secretsFile(folder)) || readdirSync(folder).length === 0) return
  throw new StackFault(`${folder} holds files that are not a stack's: let STACK_DIR name an empty folder.`)
}

const newKey = () => `local:${randomBytes(32).toString('base64')}`

function newSecrets(): Secrets {
  return {
    databasePassword: randomBytes(24).toString('hex'),
    nextauthSecret: randomBytes(32).toString('hex'),
    secretsKeys: newKey(),
    signingKeys: newKey(),
    apiKey: `usk_${randomBytes(20).toString('hex')}`,
  }
}

/** Whole or not at all, and the first of two writers wins. */
function writeOnce(file: string, content: object): void {
  const draft = `${file}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
}
