/** The one way from the browser to our API. A refusal or a failure is an `ApiError` with a plain sentence. */
export class ApiError extends Error {
  override name = 'ApiError'

  constructor(
    /** 0: no answer came, so that nobody knows whether it was done. */
    readonly status: number,
    message: string,
    /** Field → what is wrong with it. */
    readonly fields: Record<string, string> = {},
    readonly requestId: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

type ErrorBody = { message?: string; errors?: Record<string, string>; request_id?: string }

type Request = {
  method?: string
  body?: unknown
  signal?: AbortSignal
  /** The page asks by itself: that nobody touches it for an hour ends the session all the same. */
  isPoll?: boolean
  /** An Idempotency-Key: the same call under the same key is done once. */
  key?: string
}

export async function api<T>(path: string, request: Request = {}) {
  const [response, text] = await fetch(path, {
    method: request.method ?? 'GET',
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      ...(request.isPoll ? { 'X-Poll': '1' } : {}),
      ...(request.key === undefined ? {} : { 'Idempotency-Key': request.key }),
    },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    signal: request.signal,
  })
    .then(async (answer) => [answer, await answer.text()] as const)
    .catch((error: unknown) => {
      if (request.signal?.aborted) throw error
      throw new ApiError(0, 'The server could not be reached.', {}, null, { cause: error })
    })
  if (response.ok) return JSON.parse(text) as T
  throw toError(response, text)
}

function toError(response: Response, text: string): ApiError {
  const body = text.startsWith('{') ? (JSON.parse(text) as ErrorBody) : {}
  return new ApiError(
    response.status,
    body.message ?? `The server answered ${response.status}.`,
    body.errors,
    body.request_id ?? response.headers.get('x-request-id'),
  )
}

/**
 * What to say of a change that failed. Where no answer came it may have been done all the same.
 * @param title what is said when it is known that it was not
 * @param ifUnknown what to do then; pressing again must be harmless, by the key of `useOnce` or by what the call does
 */
export const notDone = (
  error: ApiError,
  title: string,
  ifUnknown = 'Press again: nothing is done twice.',
): { title: string; why: string } =>
  error.status === 0
    ? { title: 'It is not known whether it was done.', why: `The connection broke off. ${ifUnknown}` }
    : { title, why: error.message }

/** Where to sign in, and come back to this page afterwards. */
export const signInHere = (): string =>
  `/support/login?callbackUrl=${encodeURIComponent(window.location.pathname + window.location.search)}`
