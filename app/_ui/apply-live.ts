import { focusManager, type Query, type QueryClient } from '@tanstack/react-query'
import { sameAddressKey } from '@/core/address'
import type { LiveEvent, LiveMessage } from '@/core/live'
import type { AnswerView, MessageListItem, MessageView, UserView } from '@/core/views'

/** What `usePolled` keeps: the answer of the API at the path that is its key. */
type MessageList = { messages: MessageListItem[]; next_cursor: string | null }
type UserList = { users: UserView[] }

/** How long an answer may be older than what it is made of, where a change cannot be put into it. */
const laterMs = 1_000
/** The same where finding it out costs more. */
const muchLaterMs = 2_000
const countAgainMs = 10_000
/** Rows that a list may grow by while nobody reads it again. */
const mostRows = 200

/** Of these every change is told, whatever the rest of their path. What is counted or measured, pages ask for themselves. */
const told = ['messages', 'users', 'answer', 'audit', 'keys', 'suppressions']
export const isTold = (path: string): boolean => told.includes(partsOf(path)[0] ?? '')

/** Puts what the live feed tells into the answers that pages show, and asks anew for those where that is not possible. */
export function applyLive(queries: QueryClient): (event: LiveEvent) => void {
  const waiting = new Set<string>()

  /** Asks anew, once for all that comes meanwhile; a page that nobody sees asks when it is seen again. */
  function refresh(query: Query, afterMs: number) {
    const ask = () => {
      waiting.delete(query.queryHash)
      const refetchType = focusManager.isFocused() ? 'active' : 'none'
      void queries.invalidateQueries({ queryKey: query.queryKey, exact: true, refetchType })
    }
    if (afterMs === 0) return ask()
    if (waiting.has(query.queryHash)) return
    waiting.add(query.queryHash)
    setTimeout(ask, afterMs)
  }

  function put(query: Query, data: unknown) {
    if (data === query.state.data) return
    queries.setQueryData(query.queryKey, data)
    // An answer that was on its way meanwhile may be older than this.
    if (query.state.fetchStatus === 'fetching') refresh(query, laterMs / 2)
  }

  function putMessages(query: Query, place: Place, changed: LiveMessage[]) {
    const [kind, id] = place.parts
    const { data, dataUpdateCount } = query.state
    if (kind === 'messages' && id === undefined && isMessageList(data)) {
      // As the server put it on the page, which is some time ago: something may be missing besides.
      if (dataUpdateCount === 0) return refresh(query, 0)
      const { list, isWhole } = withMessages(data, changed, place.search)
      put(query, list)
      if (!isWhole) refresh(query, muchLaterMs)
    } else if (kind === 'messages' && id === 'count') {
      refresh(query, countAgainMs)
    } else if (kind === 'messages' && id !== undefined) {
      const message = changed.find((message) => message.id === id)
      if (!message) return
      // What it says at once; its story is asked for.
      if (place.parts.length === 2 && isMessage(data)) put(query, { ...data, message: { ...data.message, ...message } })
      refresh(query, 0)
    } else if (kind === 'users' && id === undefined && isUserList(data)) {
      if (dataUpdateCount === 0) return refresh(query, 0)
      put(query, withLastMail(data, changed))
    } else if (kind === 'users') {
      if (changed.some((message) => String(message.user_id) === id)) refresh(query, 0)
    } else if (kind === 'answer') {
      refresh(query, isAbout(data, changed) ? 0 : muchLaterMs)
    }
  }

  return ({ event, data }) => {
    for (const query of queries.getQueryCache().getAll()) {
      const place = placeOf(query)
      if (!place) continue
      const [kind, id] = place.parts
      if (event === 'messages') putMessages(query, place, data.messages)
      else if (event === 'here') refresh(query, 0)
      else if (event === 'reload') refresh(query, muchLaterMs)
      else if (event === 'delivery') {
        if (['messages', 'answer', 'delivery', 'pipeline'].includes(kind ?? '')) refresh(query, laterMs)
      } else if (event === 'audit') {
        const isOfOther = kind === 'users' && id !== undefined && id !== 'count' && !data.users.includes(Number(id))
        if (kind !== 'messages' && told.includes(kind ?? '') && !isOfOther) refresh(query, laterMs)
      }
    }
  }
}

type Place = { parts: string[]; search: URLSearchParams }

/** `/api/users/7?x=y` → `users`, `7`, and what is asked for. */
function placeOf({ queryKey: [path] }: Query): Place | null {
  if (typeof path !== 'string' || !path.startsWith('/api/')) return null
  return { parts: partsOf(path), search: new URLSearchParams(path.split('?')[1]) }
}

const partsOf = (path: string): string[] => (path.split('?')[0] ?? '').slice('/api/'.length).split('/')

const has = (data: unknown, field: string): boolean =>
  typeof data === 'object' && data !== null && Array.isArray((data as Record<string, unknown>)[field])
const isMessageList = (data: unknown): data is MessageList => has(data, 'messages')
const isMessage = (data: unknown): data is { message: MessageView } =>
  typeof data === 'object' && data !== null && 'message' in data
const isUserList = (data: unknown): data is UserList => has(data, 'users')

/** The answer to "Did they get it?" tells of one of these, or might now. */
function isAbout(data: unknown, changed: readonly LiveMessage[]): boolean {
  const answer = data as AnswerView | undefined
  if (answer?.kind !== 'answer') return false
  const { address, user, message } = answer
  return changed.some(
    ({ id, to, user_id }) =>
      id === message?.id || (user && user_id === user.id) || sameAddressKey(to) === sameAddressKey(address),
  )
}

/**
 * A list with these as they are now, each in its place. What is new stands at its place too, where the list asks for all: only
 * the server knows what a filter lets through.
 * @returns `isWhole`: nothing can be missing
 */
export function withMessages(
  list: MessageList,
  changed: readonly LiveMessage[],
  search: URLSearchParams,
): { list: MessageList; isWhole: boolean } {
  const newest = new Map<string, MessageListItem>(changed.map((message) => [message.id, message]))
  const isThere = new Set(list.messages.map(({ id }) => id))
  const rows = list.messages.map((row) => newest.get(row.id) ?? row)
  // Further back nothing is ever new.
  const isKnown = search.has('cursor') || changed.every(({ id }) => isThere.has(id))
  const isAll = [...search.keys()].every((name) => name === 'limit')
  const isFiltered = !isAll || rows.length >= mostRows
  const last = list.messages.at(-1)?.id ?? ''
  const added = isFiltered
    ? []
    : [...newest.values()].filter(({ id }) => !isThere.has(id) && (list.next_cursor === null || id > last))
  if (added.length === 0 && !changed.some(({ id }) => isThere.has(id))) return { list, isWhole: isKnown || !isFiltered }
  // Ids are in the order of time (UUID version 7).
  const messages = added.length > 0 ? [...added, ...rows].toSorted((a, b) => (a.id < b.id ? 1 : -1)) : rows
  return { list: { ...list, messages }, isWhole: isKnown || !isFiltered }
}

/** People with the mail that was written to them last, as it is now. */
export function withLastMail<List extends UserList>(list: List, changed: readonly LiveMessage[]): List {
  let isSame = true
  const users = list.users.map((user) => {
    const before = user.last_mail?.id ?? ''
    const [mail] = changed
      .filter(({ id, user_id }) => (user_id === user.id && id >= before) || id === before)
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    if (!mail) return user
    isSame = false
    const { id, status, may_have_been_delivered, delivery } = mail
    const at = mail.sent_at ?? mail.closed_at ?? mail.created_at
    return { ...user, last_mail: { id, status, may_have_been_delivered, delivery, at } }
  })
  return isSame ? list : { ...list, users }
}
