import { expect, it } from 'vitest'
import type { AnswerView, MessageView, UserView } from '@/core/views'
import { answerWords, toldOf } from './answer-words'

const now = Date.parse('2026-11-24T12:32:36Z')
const words = {
  time: (instant: string) => instant.slice(11, 16),
  day: (instant: string) => instant.slice(0, 10),
  smtpHost: 'mx1.example.com',
}
const user = { id: 7, first_name: 'Ada' } as UserView

const retrying = {
  id: '019a2f7c-0000-7000-8000-00000000b41e',
  status: 'retrying',
  retry_count: 1,
  max_retries: 3,
  due_at: '2026-11-24T12:34:00Z',
  expires_at: '2026-11-27T12:31:30.000Z',
  delivery: 'send',
  last_reply: '451 4.7.1 Greylisted',
  link: null,
} as MessageView
const answer = (message: MessageView | null): AnswerView => ({
  kind: 'answer',
  address: 'ada@example.com',
  user,
  message,
  earlier: [],
})
const choices = (people: UserView[], isNear = false): AnswerView => ({
  kind: 'choices',
  people,
  mail: [],
  has_more: false,
  is_near: isNear,
})
const said = (found: AnswerView) => answerWords(found, 'ada', words, now)

it('an answer is one sentence, whatever came of the question', () => {
  expect(said({ kind: 'nothing' })).toBe('Nobody and no mail is found for “ada”.')
  expect(said(choices([user, user]))).toBe('Several people fit. Who is it?')
  expect(said(choices([]))).toBe('Several addresses fit. Which is it?')
  expect(said(choices([user], true))).toMatch(/^Nobody is found by exactly that/)
  expect(said(answer(null))).toBe('No mail to ada@example.com was asked for.')
  expect(said(answer(retrying))).toMatch(/^Not yet\. /)
})

it('an answer is said again when its mail has another status, not because it was read anew', () => {
  const again = answer({ ...retrying, last_reply: '451 4.7.1 Please wait' })
  expect(toldOf(again)).toBe(toldOf(answer(retrying)))
  expect(toldOf(answer({ ...retrying, status: 'sent' }))).not.toBe(toldOf(answer(retrying)))
  expect(toldOf(answer(null))).not.toBe(toldOf({ kind: 'nothing' }))
})
