import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@/runtime/log'
import { summarise, type Summary } from './summary'

/** What SMTP knows of a mail, beside its bytes. */
export interface Envelope {
  from: string
  to: string[]
  /** The SMTP connection it came over. */
  session: string
  username: string
}

interface Mail extends Envelope {
  id: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  size: number
}

export interface ListedMail extends Mail {
  readonly summary: Summary
  read: boolean
}

interface Held extends ListedMail {
  /** Only until it is on the disk. */
  raw?: Buffer
}

const WRITE_EVERY_MS = 10
const WRITES_AT_ONCE = 10
const AFTER_FAILURE_MS = 1_000

/**
 * The newest mails: each an `.eml` file, and a line with its envelope and summary in `index.jsonl`. A new mail is visible at
 * once and written a moment later, a few at a time, so that no burst waits for the disk; what falls out of the bound before
 * its turn is never written. `close` keeps the rest, so only a kill can lose the last moments.
 */
export class MailStore {
  /** Oldest first: a Map keeps the order in which mails came. */
  readonly #mails = new Map<string, Held>()
  /** Kept, because a fresh iterator would walk over all that was deleted before the oldest. */
  readonly #oldestFirst = this.#mails.keys()
  readonly #unwritten = new Set<Held>()
  /** Files of mails that are gone, still to be removed. */
  #obsolete: string[] = []
  readonly #dir: string
  readonly #keep: number
  readonly #log: Logger
  #indexLines = 0
  #timer: NodeJS.Timeout | undefined
  deleted = 0

  constructor({ dir, keep, log }: { dir: string; keep: number; log: Logger }) {
    this.#dir = dir
    this.#keep = keep
    this.#log = log
  }

  /** Reads what an earlier run left. Not part of the constructor: only who holds the ports may touch the folder. */
  open(): void {
    // Mails carry passwords and links: nobody else reads them.
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    this.#load()
  }

  get size(): number {
    return this.#mails.size
  }

  get unread(): number {
    let count = 0
    for (const mail of this.#mails.values()) if (!mail.read) count++
    return count
  }

  get bytes(): number {
    let total = 0
    for (const mail of this.#mails.values()) total += mail.size
    return total
  }

  add(envelope: Envelope, raw: Buffer): string {
    const mail = hold({ ...envelope, id: randomUUID(), receivedAt: Date.now(), size: raw.length }, { raw })
    this.#mails.set(mail.id, mail)
    this.#unwritten.add(mail)
    if (this.#mails.size > this.#keep) this.#forgetOldest()
    this.#writeSoon(WRITE_EVERY_MS)
    return mail.id
  }

  /** Newest first. */
  *newestFirst(): Generator<ListedMail> {
    yield* [...this.#mails.values()].toReversed()
  }

  get(id: string): ListedMail | undefined {
    return this.#mails.get(id)
  }

  async raw(id: string): Promise<Buffer | undefined> {
    const mail = this.#mails.get(id)
    if (!mail) return undefined
    try {
      return mail.raw ?? (await readFile(this.#file(id)))
    } catch (error) {
      if (!this.#mails.has(id)) return undefined // deleted meanwhile
      throw error
    }
  }

  markRead(id: string): void {
    const mail = this.#mails.get(id)
    if (mail) mail.read = true
  }

  delete(ids: Iterable<string>): void {
    for (const id of ids) this.#forget(id)
    this.#rewriteIndex()
    this.#writeSoon(WRITE_EVERY_MS)
  }

  deleteAll(): void {
    this.delete([...this.#mails.keys()])
  }

  /** Puts what is still only in memory into one file: thousands of small ones would take seconds. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#unwritten.size === 0) return rmSync(this.#late, { force: true })
    const lines = [...this.#unwritten].map((mail) =>
      JSON.stringify({ ...known(mail), raw: mail.raw?.toString('base64') }),
    )
    writeFileSync(this.#late, lines.join('\n'), { mode: 0o600 })
  }

  #file(id: string): string {
    return join(this.#dir, `${id}.eml`)
  }

  get #index(): string {
    return join(this.#dir, 'index.jsonl')
  }

  /** The mails of the last moment before a stop. */
  get #late(): string {
    return join(this.#dir, 'late.jsonl')
  }

  #forgetOldest(): void {
    const oldest = this.#oldestFirst.next()
    if (!oldest.done) this.#forget(oldest.value)
  }

  #forget(id: string): void {
    const mail = this.#mails.get(id)
    if (!mail) return
    this.#mails.delete(id)
    this.deleted++
    if (!this.#unwritten.delete(mail)) this.#obsolete.push(id)
  }

  get #hasWork(): boolean {
    return this.#unwritten.size > 0 || this.#obsolete.length > 0
  }

  #writeSoon(afterMs: number): void {
    this.#timer ??= setTimeout(() => this.#write(), afterMs)
  }

  #write(): void {
    this.#timer = undefined
    let again = WRITE_EVERY_MS
    try {
      this.#writeSome()
      if (this.#unwritten.size === 0) rmSync(this.#late, { force: true })
    } catch (error) {
      // A full disk, a folder taken away: the mails stay in memory and readable.
      this.#log.error({ err: error, waiting: this.#unwritten.size }, 'Mails could not be written to the disk')
      again = AFTER_FAILURE_MS
    }
    if (this.#hasWork) this.#writeSoon(again)
  }

  #writeSome(): void {
    for (const id of this.#obsolete.splice(0, WRITES_AT_ONCE)) rmSync(this.#file(id), { force: true })
    const mails: Held[] = []
    for (const mail of this.#unwritten) {
      if (mails.push(mail) === WRITES_AT_ONCE) break
    }
    for (const mail of mails) {
      if (mail.raw) writeFileSync(this.#file(mail.id), mail.raw, { mode: 0o600 })
    }
    // The index names a mail only once its bytes are there.
    appendFileSync(this.#index, mails.map(lineOf).join(''), { mode: 0o600 })
    this.#indexLines += mails.length
    for (const mail of mails) {
      this.#unwritten.delete(mail)
      delete mail.raw
    }
    if (this.#indexLines > 2 * this.#keep) this.#rewriteIndex()
  }

  #rewriteIndex(): void {
    const written = [...this.#mails.values()].filter((mail) => !this.#unwritten.has(mail))
    writeFileSync(`${this.#index}.new`, written.map(lineOf).join(''), { mode: 0o600 })
    renameSync(`${this.#index}.new`, this.#index)
    this.#indexLines = written.length
  }

  #load(): void {
    const files = new Set(readdirSync(this.#dir).filter((name) => name.endsWith('.eml')))
    for (const { summary, ...mail } of readLines(this.#index)) {
      if (files.has(`${mail.id}.eml`)) this.#mails.set(mail.id, hold(mail, { summary }))
    }
    // A kill can leave a file whose line was never written.
    for (const file of files) if (!this.#mails.has(file.slice(0, -4))) rmSync(join(this.#dir, file), { force: true })
    for (const { raw, ...mail } of readLines(this.#late)) {
      const late = hold(mail, { raw: Buffer.from(raw ?? '', 'base64') })
      this.#mails.set(mail.id, late)
      this.#unwritten.add(late)
    }
    while (this.#mails.size > this.#keep) this.#forgetOldest()
    this.deleted = 0
    this.#rewriteIndex()
    if (this.#hasWork) this.#writeSoon(WRITE_EVERY_MS)
  }
}

/** The summary is made when it is first asked for: at the latest for the index, just before the bytes leave the memory. */
function hold(mail: Mail, { raw, summary }: { raw?: Buffer; summary?: Summary }): Held {
  let made = summary
  return {
    ...known(mail),
    raw,
    read: false,
    get summary() {
      return (made ??= summarise(this.raw ?? Buffer.alloc(0)))
    },
  }
}

const known = ({ id, from, to, session, username, receivedAt, size }: Mail): Mail => ({
  id,
  from,
  to,
  session,
  username,
  receivedAt,
  size,
})

const lineOf = (mail: ListedMail) => `${JSON.stringify({ ...known(mail), summary: mail.summary })}\n`

type Line = Mail & { summary?: Summary; raw?: string }

function readLines(file: string): Line[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return lines.map(readLine).filter((line) => line !== undefined)
}

/** A line cut short by a kill is no mail. */
function readLine(line: string): Line | undefined {
  try {
    return line ? (JSON.parse(line) as Line) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
