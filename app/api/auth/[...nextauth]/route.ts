import { NextRequest } from 'next/server'
import { AppError } from '@/core/errors'
import { handleAuth } from '@/server/session'
import { readText } from '../../body'
import { answering, otherMethods, type Handler, type RouteContext } from '../../handle'

const bodyLimit = 16 * 1024

const answer = (request: Request, { params }: RouteContext) =>
  answering(request, async (caller) => {
    const path = [(await params)['nextauth'] ?? []].flat()
    const body = request.method === 'POST' ? await readForm(request) : undefined
    const { method, headers } = request
    const asked = new NextRequest(withoutReturn(request), { method, headers, body })
    const response = await handleAuth(asked, caller, path)
    if (!response) throw new AppError('not_found', 'There is nothing at this address.')
    return response
  })

/**
 * Where to go afterwards stands in the form alone, and is judged there. In the address, what is no web address would be a
 * fault of ours to next-auth, answered by 500; of its cookie guard-requests.ts takes care.
 */
function withoutReturn({ url }: Request): URL {
  const address = new URL(url)
  address.searchParams.delete('callbackUrl')
  return address
}

const serve: Handler = Object.assign(answer, { action: 'session.open' as const })

/** next-auth reads a body of any size and stumbles over broken JSON: it gets a form, and one that was measured. */
function readForm(request: Request): Promise<string> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new AppError('not_json', 'Please send a form here, of the type application/x-www-form-urlencoded.')
  }
  return readText(request, bodyLimit)
}

export { serve as GET, serve as POST }

export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
