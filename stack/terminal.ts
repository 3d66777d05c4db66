import type { WriteStream } from 'node:tty'

type Output = Pick<WriteStream, 'write' | 'on'> & { isTTY?: boolean }

const TITLE_WIDTH = 14
const DETAIL_WIDTH = 44

/** What the person who typed `npm start` sees. Colours only on a terminal. */
export class Terminal {
  #out: Output
  #colours: boolean

  constructor(out: Output, environment: Record<string, string | undefined> = {}) {
    this.#out = out
    this.#colours = Boolean(out.isTTY) && !environment['NO_COLOR']
    out.on('error', () => {}) // the terminal was closed: SIGHUP stops the stack, not a failed line
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`)
  }

  title(text: string): void {
    this.line()
    this.line(`  ${this.#paint(1, text)}`)
    this.line()
  }

  /** A step that takes long enough to wonder. */
  begin(title: string, detail: string): void {
    this.line(`  ${this.#paint(2, '·')} ${title.padEnd(TITLE_WIDTH)}${this.#paint(2, detail)}`)
  }

  done(title: string, detail: string, sinceMs: number): void {
    const took = `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`
    this.line(
      `  ${this.#paint(32, '✓')} ${title.padEnd(TITLE_WIDTH)}${detail.padEnd(DETAIL_WIDTH)}${this.#paint(2, took.padStart(7))}`,
    )
  }

  entry(title: string, value: string, note = ''): void {
    const remark = note && `   ${this.#paint(2, note)}`
    this.line(`  ${this.#paint(2, title.padEnd(TITLE_WIDTH + 2))}${this.#paint(1, value)}${remark}`)
  }

  /** Something happened while the stack runs. */
  notice(text: string, at: Date): void {
    this.line(`  ${this.#paint(2, at.toTimeString().slice(0, 8))} ${this.#paint(33, text)}`)
  }

  fault(sentence: string): void {
    this.line()
    this.line(`  ${this.#paint(31, '✗')} ${sentence}`)
    this.line()
  }

  #paint(code: number, text: string): string {
    return this.#colours ? `\u001B[${code}m${text}\u001B[0m` : text
  }
}
