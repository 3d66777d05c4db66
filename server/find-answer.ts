import { isAddress, sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { idIn } from '@/core/message-id'
import type { Actor } from '@/core/permissions'
import { listMessagesQuery, listUsersQuery } from '@/core/requests'
import type { AnswerView, MessageListItem, MessageView, UserView } from '@/core/views'
import { findNamed, findSimilar } from '@/db/find-users'
import { findUserByAddress, findUserView, findUserViews } from '@/db/users'
import type { Context } from './context'
import { getMessage } from './get-message'
import { listMessages } from './list-messages'
import { listUsers } from './list-users'
import { pageRead } from './page-read'

/** How many of each are offered to choose from. */
const choices = 6

/**
 * "Did they get it?": of a name, an address or a message, the newest mail and everything that tells what became of it. Of several
 * people, or several addresses, it offers the choice; it never guesses.
 */
export async function findAnswer(context: Context, actor: Actor, asked: string): Promise<AnswerView> {
  const id = idIn(asked)
  if (id) return await byMessage(context, actor, id)
  // While it is typed, `guest@example.co` is a whole address as well, to which nothing was ever sent.
  const exact = isAddress(asked) ? await byAddress(context, actor, asked) : null
  if (exact && exact.kind !== 'nothing') return exact
  const people = await peopleNamed(context, asked)
  const [person] = people
  if (person && people.length === 1) return await ofPerson(context, actor, person)
  if (people.length > 1)
    return {
      kind: 'choices',
      people: people.slice(0, choices),
      mail: [],
      has_more: people.length > choices,
      is_near: false,
    }
  return await byPartOfAddress(context, actor, asked)
}

async function byMessage(context: Context, actor: Actor, id: string): Promise<AnswerView> {
  try {
    const message = await getMessage(context, actor, id)
    return { kind: 'answer', address: message.to, user: await accountOf(context, message), message, earlier: [] }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return { kind: 'nothing' }
    throw error
  }
}

/** Whose mail it is: whom it is about, wherever it went, or else who has its address. */
async function accountOf({ pages }: Context, { user, to }: MessageView): Promise<UserView | null> {
  const id = user?.id ?? (await pageRead(findUserByAddress(pages, to)))?.id
  return id === undefined ? null : await pageRead(findUserView(pages, id))
}

async function byAddress(context: Context, actor: Actor, address: string): Promise<AnswerView> {
  const holder = await pageRead(findUserByAddress(context.pages, address))
  const user = holder && (await pageRead(findUserView(context.pages, holder.id)))
  if (user) return await ofPerson(context, actor, user)
  const mail = await mailBy(context, { address })
  const [newest, ...earlier] = mail
  if (!newest) return { kind: 'nothing' }
  const message = await getMessage(context, actor, newest.id)
  return { kind: 'answer', address, user: await accountOf(context, message), message, earlier }
}

async function ofPerson(context: Context, actor: Actor, user: UserView): Promise<AnswerView> {
  const [newest, ...earlier] = await mailBy(context, { person: String(user.id) })
  const message = newest ? await getMessage(context, actor, newest.id) : null
  return { kind: 'answer', address: user.email, user, message, earlier }
}

const mailBy = async (context: Context, whose: { person: string } | { address: string }) =>
  (await listMessages(context, listMessagesQuery.parse({ ...whose, limit: String(choices + 1) }))).messages

/** Those whom the words fit, one more than are offered; first those whose whole name they are. */
async function peopleNamed(context: Context, asked: string): Promise<UserView[]> {
  const search = asked.slice(0, 200)
  const [named, { users }] = await Promise.all([
    pageRead(findNamed(context.pages, search, choices + 1)),
    listUsers(context, {
      ...listUsersQuery.parse({ search, page_size: String(choices + 1), count: 'none' }),
      isOfWords: true,
    }),
  ])
  const first = await pageRead(findUserViews(context.pages, named))
  return [...first, ...users.filter(({ id }) => !named.includes(id))].slice(0, choices + 1)
}

/** Nobody's account, and no whole address: those that mail was sent to. */
async function byPartOfAddress(context: Context, actor: Actor, part: string): Promise<AnswerView> {
  const { messages, next_cursor } = await listMessages(context, listMessagesQuery.parse({ to: part, limit: '25' }))
  const newestOf = new Map<string, MessageListItem>()
  for (const one of messages) if (!newestOf.has(sameAddressKey(one.to))) newestOf.set(sameAddressKey(one.to), one)
  const addresses = [...newestOf.values()]
  const [only] = addresses
  if (!only) return await bySimilarity(context, part)
  const hasMore = addresses.length > choices || next_cursor !== null
  if (addresses.length === 1 && !hasMore) return await byAddress(context, actor, only.to)
  return { kind: 'choices', people: [], mail: addresses.slice(0, choices), has_more: hasMore, is_near: false }
}

/** What was asked for was mistyped, or misheard. Everybody's domain resembles that of many others: it is left out. */
async function bySimilarity({ pages }: Context, asked: string): Promise<AnswerView> {
  const told = asked.split('@')[0] ?? ''
  const people = await pageRead(findSimilar(pages, told, choices).then((ids) => findUserViews(pages, ids)))
  return people.length === 0
    ? { kind: 'nothing' }
    : { kind: 'choices', people, mail: [], has_more: false, is_near: true }
}
