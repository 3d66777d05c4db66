import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LiveMessage } from '@/core/live'
import type { UserView } from '@/core/views'
import { applyLive, withLastMail, withMessages } from './apply-live'
import { pauseMs } from './live-line'

const message = (id: string, more: Partial<LiveMessage> = {}): LiveMessage =>
  ({
    id, status: 'queued', may_have_been_delivered: false, delivery: 'send', created_at: '2026-11-27T10:00:00.000Z',
    to: 'a@example.com', sent_at: null, closed_at: null, user_id: null, ...more,
  }) as LiveMessage // prettier-ignore
const all = new URLSearchParams('limit=25')
const ids = (list: { messages: { id: string; status: string }[] }) =>
  list.messages.map(({ id, status }) => `${id} ${status}`)

test('a changed message is put into its place; an unknown one is put where it belongs', () => {
  const before = { messages: [message('b3'), message('b1')], next_cursor: null }
  const changed = [message('b1', { status: 'sent' }), message('b2'), message('b4')]
  const { list, isWhole } = withMessages(before, changed, all)
  expect(ids(list)).toEqual(['b4 queued', 'b3 queued', 'b2 queued', 'b1 sent'])
  expect(isWhole).toBe(true)
})

test('of a list that goes on, what is older belongs to another page', () => {
  const before = { messages: [message('b3'), message('b2')], next_cursor: 'b2' }
  const { list, isWhole } = withMessages(before, [message('b1')], all)
  expect([list === before, isWhole]).toEqual([true, true])
})

test('whether a filter lets it through is asked; what is there changes all the same', () => {
  const before = { messages: [message('b3')], next_cursor: null }
  const search = new URLSearchParams('status=queued&limit=25')
  expect(withMessages(before, [message('b4')], search)).toEqual({ list: before, isWhole: false })
  const further = new URLSearchParams('cursor=b4&limit=25')
  expect(withMessages(before, [message('b5')], further)).toEqual({ list: before, isWhole: true })
  const { list, isWhole } = withMessages(before, [message('b3', { status: 'sent' })], search)
  expect([ids(list), isWhole]).toEqual([['b3 sent'], true])
})

test('the last mail of a person follows, and an older one is not taken for it', () => {
  const person = (id: number, mail: string | null) =>
    ({
      id,
      last_mail: mail === null ? null : { ...message(mail), at: '2026-11-27T10:00:00.000Z' },
    }) as unknown as UserView
  const list = { users: [person(1, 'b2'), person(2, null), person(3, 'b5')], total_count: 3 }
  const changed = [message('b3', { user_id: 1 }), message('b1', { user_id: 1 }), message('b4', { user_id: 2, sent_at: '2026-11-27T11:00:00.000Z' }), message('b4', { user_id: 3 })] // prettier-ignore
  const { users } = withLastMail(list, changed)
  expect(users.map(({ last_mail: mail }) => mail?.id)).toEqual(['b3', 'b4', 'b5'])
  expect(users[1]?.last_mail?.at).toBe('2026-11-27T11:00:00.000Z')
  expect(withLastMail(list, [message('b9')])).toBe(list)
})

test('a lost line is tried again after a pause that grows, and is not the same for all', () => {
  expect([pauseMs(0, 0), pauseMs(0, 1), pauseMs(1, 1), pauseMs(20, 1), pauseMs(20, 0)]).toEqual([
    500, 1_000, 2_000, 30_000, 15_000,
  ])
})

const queries = new QueryClient()
const asked: string[] = []
/** A page that shows what is at this path. */
function shown(path: string, answer: object) {
  const observer = new QueryObserver(queries, {
    queryKey: [path],
    queryFn: () => {
      asked.push(path)
      return Promise.resolve(answer)
    },
    staleTime: Infinity,
    retry: false,
  })
  observer.subscribe(() => {})
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  queries.clear()
  asked.length = 0
  vi.useRealTimers()
})

test('an answer that tells of a mail is asked for at once, and what is counted never', async () => {
  const answer = { kind: 'answer', address: 'Ada@example.com', message: message('b1') }
  shown('/api/answer?q=ada', answer)
  shown('/api/pipeline', {})
  await vi.advanceTimersByTimeAsync(10)
  asked.length = 0
  const hear = applyLive(queries)
  for (const changed of [message('b1'), message('b2', { to: 'ada@example.com' })]) {
    hear({ event: 'messages', data: { messages: [changed] } })
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(asked).toEqual(['/api/answer?q=ada', '/api/answer?q=ada'])
  hear({ event: 'messages', data: { messages: [message('b3', { to: 'eve@example.com' })] } })
  await vi.advanceTimersByTimeAsync(1_500)
  expect(asked).toHaveLength(2)
})

test('only what can have changed is asked for again, and once for all that comes within a second', async () => {
  const list = '/api/messages?limit=25'
  for (const path of ['/api/messages/b1', '/api/messages/b2', '/api/answer?q=x', '/api/keys', '/api/users/7', '/api/users/8', '/api/pipeline', '/api/delivery/hours?days=8']) shown(path, {}) // prettier-ignore
  shown(list, { messages: [message('b1')], next_cursor: null })
  await vi.advanceTimersByTimeAsync(10)
  asked.length = 0

  const hear = applyLive(queries)
  for (let times = 0; times < 3; times++) {
    hear({ event: 'messages', data: { messages: [message('b1', { status: 'sent', user_id: 7 })] } })
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(queries.getQueryData([list])).toMatchObject({ messages: [{ id: 'b1', status: 'sent' }] })
  expect(new Set(asked)).toEqual(new Set(['/api/messages/b1', '/api/users/7']))
  await vi.advanceTimersByTimeAsync(2_500)
  expect(asked.filter((path) => path === '/api/answer?q=x')).toHaveLength(1)
  expect(asked).not.toContain(list)

  asked.length = 0
  hear({ event: 'audit', data: { users: [8] } })
  await vi.advanceTimersByTimeAsync(1_500)
  expect(new Set(asked)).toEqual(new Set(['/api/answer?q=x', '/api/keys', '/api/users/8']))

  asked.length = 0
  hear({ event: 'here', data: {} })
  await vi.advanceTimersByTimeAsync(10)
  expect(asked).toHaveLength(9)
})
