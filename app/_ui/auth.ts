import { signInProblem, type SignInProblem } from '@/core/sign-in'
import { ApiError } from './api'

type Answer = { url?: string }

async function post(action: string, fields: Record<string, string>): Promise<Answer> {
  const { csrfToken } = await read<{ csrfToken: string }>(await fetch('/api/auth/csrf'))
  const response = await fetch(`/api/auth/${action}`, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, csrfToken, json: 'true' }),
  })
  return read<Answer>(response)
}

/** What stands before our server may answer in its place, and not in JSON; and our own may not be able to. */
async function read<T>(response: Response): Promise<T> {
  if (response.status >= 500 || !response.headers.get('content-type')?.startsWith('application/json')) {
    throw new ApiError(response.status, `The server answered ${response.status}.`)
  }
  return (await response.json()) as T
}

/** Asks for a session; null when there is one now. */
export async function signIn(input: {
  email: string
  password: string
  code: string
  callbackUrl: string
}): Promise<SignInProblem | null> {
  return signInProblem(await post('callback/credentials', input))
}

/** Ends the session here and on the server, then shows the sign-in. */
export async function signOut(): Promise<void> {
  await post('signout', { callbackUrl: '/support/login' })
  window.location.assign('/support/login')
}
