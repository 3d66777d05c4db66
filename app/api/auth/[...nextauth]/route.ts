import { NextRequest } from 'next/server'
import { AppError } from '@/core/errors'
import { handleAuth } from '@/server/session'
import { readText } from '../../body'
import { answering, type Handler } from '../../handle'

const bodyLimit = 16 * 1024

const serve: Handler = (request, { params }) =>
  answering(request, async () => {
    const path = [(await params)['nextauth'] ?? []].flat()
    // next-auth reads a body of any size, so it gets one that was measured.
    const body = request.method === 'POST' ? await readText(request, bodyLimit) : undefined
    const { method, headers } = request
    const response = await handleAuth(new NextRequest(request.url, { method, headers, body }), path)
    if (!response) throw new AppError('not_found', 'There is nothing at this address.')
    return response
  })

export { serve as GET, serve as POST }
