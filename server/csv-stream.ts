import { csvBegin, csvLine } from '@/core/csv'
import { AppError } from '@/core/errors'
import type { Context } from './context'
import { inTime, withoutParameters } from './failures'

const checkEveryMs = 1_000
const longestMs = 30 * 60_000

type Cell = string | number | null | undefined

/**
 * All rows of a list as CSV. A page is only read when the caller has taken the one before, so a large list costs no more
 * memory than a small one. What is written meanwhile is newer than the first page, and so is not among them.
 *
 * A failure in the middle breaks the line: nobody takes half a list for a whole one. So does the end of the right to read it,
 * and half an hour.
 * @param list.readPage the rows after this place, and where to go on; null: these were the last
 */
export function csvStream<Row, Place>(
  { log }: Pick<Context, 'log'>,
  list: {
    /** For the log. */
    name: string
    requestId: string
    /** Asked again while the file is made, which may take long. */
    mayStill: () => Promise<boolean>
    heads: readonly string[]
    cellsOf: (row: Row) => readonly Cell[]
    readPage: (after: Place | undefined) => Promise<{ rows: readonly Row[]; goOnAfter: Place | null }>
  },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let after: Place | undefined
  const begunAt = performance.now()
  let checkedAt = begunAt
  /** A caller who reads slowly is asked about again and again, one who reads fast not at every page. */
  async function checkCaller(): Promise<void> {
    const now = performance.now()
    if (now - begunAt > longestMs) throw new Error('It took longer than half an hour')
    if (now - checkedAt < checkEveryMs) return
    checkedAt = now
    if (!(await list.mayStill())) throw new AppError('forbidden', 'Whoever asked for it may not read it any more')
  }
  let head = csvBegin + csvLine(list.heads)
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        try {
          // A page may be empty and not the last; whoever pulls is only asked again once they were given something.
          for (;;) {
            await checkCaller()
            const { rows, goOnAfter } = await inTime(list.readPage(after))
            const text = head + rows.map((row) => csvLine(list.cellsOf(row))).join('')
            head = ''
            if (text !== '') stream.enqueue(encoder.encode(text))
            if (goOnAfter === null) return stream.close()
            after = goOnAfter
            if (text !== '') return undefined
          }
        } catch (error) {
          log.error({ requestId: list.requestId, err: withoutParameters(error) }, `An export of ${list.name} broke off`)
          stream.error(error)
        }
        return undefined
      },
    },
    { highWaterMark: 0 },
  )
}

/** Rows that an export reads, and holds, at once. */
export const exportPageSize = 500

export const csvHeaders = (name: string) => ({
  'Content-Type': 'text/csv; charset=utf-8; header=present',
  'Content-Disposition': `attachment; filename="${name}-${new Date().toISOString().slice(0, 10)}.csv"`,
})
