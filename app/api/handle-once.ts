import { AppError } from '@/core/errors'
import type { Action, OpenAction, SessionAction } from '@/core/permissions'
import { sameText } from '@/core/same-text'
import { AnsweredBefore, type Once } from '@/server/once'
import { handle, type Answer, type Call, type Handler, type Route } from './handle'

/** Whoever asks is known: a key means nothing to anybody else. */
type KnownAction = Exclude<Action, OpenAction | SessionAction>

type OnceRoute<A extends KnownAction, Result, Body, Params> = Omit<Route<A, Body, undefined, Params>, 'run'> & {
  run: (call: Call<A, Body, undefined, Params> & { once?: Once<unknown> }) => Promise<Result>
  /** Made inside the transaction, to be kept with what it tells of. */
  answer: (result: Result) => Required<Pick<Answer, 'status' | 'body'>>
}

/** A route that honours the header Idempotency-Key: the same request with the same key is done once, and answered alike. */
export function handleOnce<A extends KnownAction, Result, Body = undefined, Params = undefined>(
  route: OnceRoute<A, Result, Body, Params>,
): Handler {
  const { run, answer, ...rest } = route
  return handle<A, Body, undefined, Params>({
    ...rest,
    run: async (call) => {
      const key = keyOf(call.request)
      const once: Once<unknown> | undefined =
        key === null
          ? undefined
          : {
              key,
              request: requestText(call.request, call.body),
              // What `run` hands on to its use case comes back as its result: the compiler cannot see that.
              answerOf: (result) => {
                const { status, body } = answer(result as Result)
                return { status, body: JSON.stringify(body) }
              },
            }
      try {
        return answer(await run({ ...call, once }))
      } catch (error) {
        if (!(error instanceof AnsweredBefore)) throw error
        const { status, body } = error.answer
        return { status, body: JSON.parse(body) as object, headers: { 'Idempotent-Replayed': 'true' } }
      }
    },
  })
}

function keyOf(request: Request): string | null {
  const key = request.headers.get('idempotency-key')
  if (key === null || /^[\x20-\x7E]{1,255}$/.test(key)) return key
  const fault = 'This header holds 1 to 255 letters, digits and signs (printable ASCII).'
  throw new AppError('invalid', `Idempotency-Key: ${fault}`, { 'Idempotency-Key': fault })
}

/** Method, path and what was understood of the body: neither blanks nor the order of fields make another request of it. */
const requestText = (request: Request, body: unknown): string =>
  [request.method, new URL(request.url).pathname, sameText(body)].join('\n')
