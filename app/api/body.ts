import { AppError } from '@/core/errors'

/**
 * Reads the body as text, and stops at the limit: what a caller says of the length need not be true, and a chunked body
 * says nothing.
 */
export async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit)
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (;;) {
    const part = await reader?.read().catch((error: unknown) => {
      // The caller's line, not ours: as it is, it would pass for a database that is away.
      throw new AppError('not_json', 'The body broke off before its end.', {}, { cause: error })
    })
    if (!part || part.done) break
    size += part.value.byteLength
    if (size > limit) {
      await reader?.cancel()
      throw tooLarge(limit)
    }
    chunks.push(part.value)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new AppError('not_json', 'The body is not UTF-8 text.', {}, { cause: error })
  }
}

const tooLarge = (limit: number) =>
  new AppError('too_large', `The body is larger than the ${limit / 1024} KiB that are accepted.`)

export async function readJson(request: Request, limit: number): Promise<unknown> {
  requireJson(request)
  return parse(await readText(request, limit))
}

/** For calls that need no body: undefined when there is none, and JSON or nothing otherwise. */
export async function readJsonIfAny(request: Request, limit: number): Promise<unknown> {
  const text = await readText(request, limit)
  if (text === '') return undefined
  requireJson(request)
  return parse(text)
}

/** A form of another site can send any of the other types without asking us first. */
function requireJson(request: Request): void {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new AppError('not_json', 'Please send JSON, with the header Content-Type: application/json.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('not_json', 'The body is not JSON.', {}, { cause: error })
  }
}
