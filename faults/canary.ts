import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Rig } from './rig'
import { listTopics, readTopics } from './topics'

/** A text, and the ways in which it could be written down: as it is, as `bytea` prints it, in base64 at each of three alignments. */
function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const inBase64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    // The first and last signs also depend on the neighbours.
    return encoded.slice(shift === 0 ? 0 : 4, -4)
  })
  return [text, bytes.toString('hex'), ...inBase64].map((form) => Buffer.from(form))
}

const holds = (bytes: Buffer, forms: readonly Buffer[]) => forms.some((form) => bytes.includes(form))

async function streamHolds(stream: Readable, forms: readonly Buffer[]): Promise<boolean> {
  const overlap = Math.max(...forms.map((form) => form.length))
  let rest = Buffer.alloc(0)
  let found = false
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const window = Buffer.concat([rest, chunk])
    found ||= holds(window, forms)
    rest = window.subarray(-overlap)
  }
  return found
}

/** The tables of the whole database in which this text can be read: every column of every row as a dump would print it. */
export async function findInDatabase({ sql }: Rig, text: string): Promise<string[]> {
  const patterns = formsOf(text).map((form) => `%${form.toString()}%`)
  const tables = await sql<{ name: string }[]>`
    select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`
  const found: string[] = []
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ found: boolean }[]>(
      `select exists (select from ${name} line where line::text like any($1::text[])) as found`,
      [patterns],
    )
    if (row?.found) found.push(name)
  }
  return found
}

/** The topics in which this text can be read, in keys, values or headers. */
export async function findInTopics(rig: Rig, text: string): Promise<string[]> {
  const forms = formsOf(text)
  const topics = (await listTopics(rig.config, rig.log)).filter((topic) => !topic.startsWith('__'))
  const found = new Set<string>()
  for (const { topic, key, value, headers } of await readTopics(rig.config, rig.log, topics)) {
    const parts = [key, value, ...Object.entries(headers).flat(2)].map((part) => Buffer.from(part ?? ''))
    if (parts.some((part) => holds(part, forms))) found.add(topic)
  }
  return [...found]
}

/** The log files of all processes in which this text can be read. */
export async function findInLogs({ folder }: Rig, text: string): Promise<string[]> {
  const logs = join(folder, 'logs')
  const found: string[] = []
  for (const name of readdirSync(logs)) {
    if (await streamHolds(createReadStream(join(logs, name)), formsOf(text))) found.push(name)
  }
  return found
}
