import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AppError, type ErrorCode } from '@/core/errors'
import { isForeignHost, isFromForeignPage } from '@/core/own-address'
import {
  isForSession,
  isOpen,
  type policy,
  whyNot,
  type Action,
  type Actor,
  type OpenAction,
  type SessionAction,
  type StaffActor,
} from '@/core/permissions'
import { quotaHeaders, type Quota } from '@/core/quota'
import { faultsByField, plainWords } from '@/core/requests'
import { isNestedTooDeeply, isStorable } from '@/core/storable'
import type { Caller } from '@/server/actor'
import { authenticateKey } from '@/server/authenticate-key'
import { requestAddress } from '@/server/request-address'
import { context, type Context } from '@/server/context'
import { inTime, longestMs, toAppError, withoutParameters } from '@/server/failures'
import { requestSession, type Session } from '@/server/session'
import { readJson, readJsonIfAny } from './body'

const bodyLimit = 256 * 1024

const statusOf: Record<ErrorCode, number> = {
  not_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  too_many: 429,
  unavailable: 503,
}

/** Who may do it stands in the policy; what no key may do is asked by staff alone. */
type ActorFor<A extends Action> = A extends OpenAction
  ? null
  : A extends SessionAction
    ? StaffActor
    : (typeof policy)[A] extends { scope: null }
      ? StaffActor
      : Actor

/** The session that asks; null for a key, and where nobody is asked who they are. */
type SessionFor<A extends Action> = A extends OpenAction
  ? null
  : ActorFor<A> extends StaffActor
    ? Session
    : Session | null

export type Call<A extends Action, Body, Query, Params> = {
  context: Context
  request: Request
  requestId: string
  /** Where from. */
  address: string
  actor: ActorFor<A>
  session: SessionFor<A>
  body: Body
  query: Query
  params: Params
}
export type Answer = { status?: number; body: object; cookie?: string; headers?: Record<string, string> }
/** For what is no JSON: its headers say what it is, and what it may do. */
type DocumentAnswer = { document: string; headers: Record<'Content-Type' | 'Content-Security-Policy', string> }
/** A file that is made while it is sent, for as long as `mayStill`. */
type FileAnswer = {
  file: (mayStill: () => Promise<boolean>) => ReadableStream<Uint8Array>
  headers: Record<'Content-Type' | 'Content-Disposition', string>
}
/** Events for as long as the caller listens and `mayStill`: it looks again at who they are, and whether they may. */
type EventsAnswer = { events: (mayStill: () => Promise<boolean>) => ReadableStream<Uint8Array> }

export type Route<A extends Action, Body, Query, Params> = {
  /** Its row in the policy. */
  action: A
  body?: z.ZodType<Body>
  query?: z.ZodType<Query>
  /** What does not fit is simply not found. */
  params?: z.ZodType<Params>
  run: (call: Call<A, Body, Query, Params>) => Promise<Answer | DocumentAnswer | FileAnswer | EventsAnswer>
}
export type RouteContext = { params: Promise<Record<string, string | string[]>> }
export type Handler = ((request: Request, route: RouteContext) => Promise<Response>) & {
  /** For the test that walks every role through every route; null: it only ever refuses. */
  action: Action | null
}

/** The one way into the API: who asks, what they ask, one use case, one answer. Only this file knows HTTP. */
export function handle<A extends Action, Body = undefined, Query = undefined, Params = undefined>(
  route: Route<A, Body, Query, Params>,
): Handler {
  const respond = (request: Request, { params }: RouteContext) =>
    answering(request, async (caller, headers) => {
      const open = context()
      const askedAt = performance.now()
      const { actor, session } = await inTime(authorise(open, request, route.action, caller, headers))
      // The caller's own time, which the reading of the body takes, does not count.
      const leftMs = longestMs - (performance.now() - askedAt)
      const call = {
        context: open,
        request,
        ...caller,
        actor: actor as ActorFor<A>,
        session: session as SessionFor<A>,
        params: parsedParams(route.params, await params) as Params,
        query: (route.query && parsed(route.query, queryOf(request))) as Query,
        body: (await bodyOf(route.body, request)) as Body,
      }
      const answer = await inTime(route.run(call), leftMs)
      if ('document' in answer) return new Response(answer.document, { headers: answer.headers })
      const mayStill = () => inTime(authorise(open, request, route.action, caller, null)).then(yes, noIfRefused)
      // Nobody would ever read, and so end, the body of a HEAD.
      const isHead = request.method === 'HEAD'
      if ('file' in answer) return new Response(isHead ? null : answer.file(mayStill), { headers: answer.headers })
      if ('events' in answer) return new Response(isHead ? null : answer.events(mayStill), { headers: eventHeaders })
      const { status = 200, body, cookie, headers: own } = answer
      return Response.json(body, { status, headers: { ...own, ...(cookie ? { 'Set-Cookie': cookie } : {}) } })
    })
  return Object.assign(respond, { action: route.action })
}

/** What packs answers together, ours or a proxy, would keep events back. */
const eventHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  // When they end, because the process stops, nothing else is to be asked by this line.
  Connection: 'close',
}

const yes = () => true
function noIfRefused(error: unknown): boolean {
  if (error instanceof AppError && ['unauthenticated', 'forbidden'].includes(error.code)) return false
  throw error
}

/**
 * Answers every failure in our shape, and writes one line about each request.
 * @param work what it puts into `headers` stands on the answer, also when it fails
 */
export async function answering(
  request: Request,
  work: (caller: Caller, headers: Headers) => Promise<Response>,
): Promise<Response> {
  const startedAt = performance.now()
  const given = request.headers.get('x-request-id')
  const requestId = given && /^[\w-]{8,64}$/.test(given) ? given : randomUUID()
  const headers = new Headers()
  const refusal = whyNotFromHere(context(), request)
  const answer = refusal
    ? Promise.reject(new AppError('forbidden', refusal))
    : work({ requestId, address: requestAddress(context(), request) }, headers)
  const response = await answer.catch((error: unknown) => errorResponse(error, requestId))
  for (const [name, value] of headers) response.headers.set(name, value)
  response.headers.set('X-Request-Id', requestId)
  if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'no-store')
  response.headers.set('X-Content-Type-Options', 'nosniff')
  const { method } = request
  const line = { requestId, method, path: new URL(request.url).pathname, status: response.status }
  const ms = Math.round(performance.now() - startedAt)
  // Pages poll: what was read well is only worth a line to those who look for it.
  context().log[method === 'GET' && response.ok ? 'debug' : 'info']({ ...line, ms }, 'Answered')
  return response
}

function errorResponse(error: unknown, requestId: string): Response {
  const known = toAppError(error)
  if (!known) context().log.error({ requestId, err: withoutParameters(error) }, 'A request failed')
  if (known?.code === 'unavailable') {
    context().log.warn({ requestId, err: withoutParameters(known.cause) }, 'A request could not be answered for now')
  }
  const status = known ? statusOf[known.code] : 500
  const message = known?.message ?? 'Something went wrong on our side. Please try again, or tell us the request id.'
  return Response.json(
    { error: true, message, errors: known?.fields ?? {}, request_id: requestId },
    {
      status,
      headers: {
        ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
        ...(status === 503 ? { 'Retry-After': '5' } : {}),
        ...(status === 429 ? { 'Retry-After': String(known?.options.retryAfterSeconds ?? 60) } : {}),
      },
    },
  )
}

type Asking = { actor: Actor | null; session: Session | null }

/** @param headers get what is left of a key's requests; null: this request was counted before */
async function authorise(
  open: Context,
  request: Request,
  action: Action,
  { address }: Caller,
  headers: Headers | null,
): Promise<Asking> {
  if (isOpen(action)) return { actor: null, session: null }
  const authorization = request.headers.get('authorization')
  if (authorization !== null && !isForSession(action)) {
    const noteQuota =
      headers &&
      ((quota: Quota) => {
        for (const [name, value] of Object.entries(quotaHeaders(quota))) headers.set(name, value)
      })
    return { actor: allowed(await authenticateKey(open, authorization, { address, noteQuota }), action), session: null }
  }
  const session = await requestSession(open, request)
  if (!session) {
    throw new AppError('unauthenticated', 'Please sign in, or send an API key as Authorization: Bearer usk_….')
  }
  const { actor } = session
  if (mayChange(request)) refuseUnknownPage(request)
  if (isForSession(action)) return { actor, session }
  if (session.mustChangePassword) {
    throw new AppError('forbidden', 'Please set a password of your own first.')
  }
  if (session.mustAddFactor && action !== 'own.second_factor') {
    throw new AppError('forbidden', 'Your role needs a second factor: please add one first.')
  }
  return { actor: allowed(actor, action), session }
}

function allowed<A extends Actor>(actor: A, action: Action): A {
  const refusal = whyNot(actor, action)
  if (refusal) throw new AppError('forbidden', refusal)
  return actor
}

/** Whatever it would do, and whoever asks: an address or a page of strangers gets nothing done here. */
function whyNotFromHere({ config }: Context, request: Request): string | null {
  const { headers } = request
  if (isForeignHost(config, headers.get('host'))) {
    return 'This address is not one of ours: please use the one of the dashboard.'
  }
  const said = { origin: headers.get('origin'), site: headers.get('sec-fetch-site') }
  if (mayChange(request) && isFromForeignPage(config, said)) return notOurPage
  return null
}

const notOurPage = 'This request did not come from a page of the dashboard.'
const mayChange = ({ method }: Request): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

/** A cookie travels with requests that nobody meant to make: who sends one must say from which page. */
function refuseUnknownPage({ headers }: Request): void {
  if (!headers.has('origin') && !headers.has('sec-fetch-site')) throw new AppError('forbidden', notOurPage)
}

/** A call that takes no body takes no other field either, nor anything but JSON. */
async function bodyOf<T>(schema: z.ZodType<T> | undefined, request: Request): Promise<T | undefined> {
  if (schema) return parsed(schema, await readJson(request, bodyLimit))
  const given = mayChange(request) ? await readJsonIfAny(request, bodyLimit) : undefined
  if (given !== undefined) parsed(noFields, given)
  return undefined
}
const noFields = z.strictObject({})

/** An empty value means "not asked for"; a repeated one is a list. */
function queryOf(request: Request): Record<string, string | string[]> {
  const { searchParams } = new URL(request.url)
  const entries = [...new Set(searchParams.keys())].map((name) => {
    const values = searchParams.getAll(name).filter((value) => value !== '')
    return [name, values.length === 1 ? values[0] : values] as const
  })
  return Object.fromEntries(entries.filter(([, value]) => value?.length)) as Record<string, string | string[]>
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  if (isNestedTooDeeply(value)) throw new AppError('invalid', 'This is nested too deeply.')
  if (!isStorable(value)) {
    throw new AppError('invalid', 'A text holds a character that cannot be stored, such as NUL.')
  }
  // zod passes over this one name without a word.
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
    const fault = 'This field is not known.'
    throw new AppError('invalid', `__proto__: ${fault}`, { ['__proto__']: fault })
  }
  const result = schema.safeParse(value, { error: plainWords })
  if (result.success) return result.data
  const faults = faultsByField(result.error)
  const [first, ...others] = Object.entries(faults)
  const more = others.length > 0 ? ` Please check also: ${others.map(([field]) => field).join(', ')}.` : ''
  throw new AppError('invalid', `${first?.[0]}: ${first?.[1]}${more}`, faults)
}

function parsedParams<T>(schema: z.ZodType<T> | undefined, value: unknown): T | undefined {
  const result = schema?.safeParse(value)
  if (result && !result.success) throw new AppError('not_found', 'There is nothing at this address.')
  return result?.data
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Handlers for the methods that a path does not have: 405 in our shape. OPTIONS is always one of them: no other site may call
 * us from its pages, so there is nothing to agree on (CORS). HEAD is answered as GET is, by Next.
 */
export function otherMethods(...allowed: Method[]): Record<Method | 'OPTIONS', Handler> {
  const answer = (request: Request) =>
    answering(request, ({ requestId }) =>
      Promise.resolve(
        Response.json(
          {
            error: true,
            message: `${request.method} is not possible here, only ${allowed.join(' and ')}.`,
            errors: {},
            request_id: requestId,
          },
          { status: 405, headers: { Allow: allowed.join(', ') } },
        ),
      ),
    )
  const refuse: Handler = Object.assign(answer, { action: null })
  return { GET: refuse, POST: refuse, PUT: refuse, PATCH: refuse, DELETE: refuse, OPTIONS: refuse }
}
