import { isAddress, sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { idIn } from '@/core/message-id'
import type { Actor } from '@/core/permissions'
import { listMessagesQuery, listUsersQuery } from '@/core/requests'
import type { AnswerView, MessageListItem, UserView } from '@/core/views'
import type { Context } from './context'
import { getMessage } from './get-message'
import { listMessages } from './list-messages'
import { listUsers } from './list-users'

/** How many of each are offered to choose from. */
const choices = 6
const usersQuery = (search: string) =>
  listUsersQuery.parse({ search: search.slice(0, 200), page_size: String(choices), count: 'none' })

/**
 * "Did they get it?": of a name, an address or a message, the newest mail and everything that tells what became of it. Of several
 * people, or several addresses, it offers the choice; it never guesses.
 */
export async function findAnswer(context: Context, actor: Actor, asked: string): Promise<AnswerView> {
  const id = idIn(asked)
  if (id) return await byMessage(context, actor, id)
  const { users } = await listUsers(context, usersQuery(asked))
  const holder = users.find(({ email }) => sameAddressKey(email) === sameAddressKey(asked))
  if (holder) return await ofAddress(context, actor, holder.email, holder)
  // While it is typed, `guest@example.co` is a whole address as well, to which nothing was ever sent.
  const guest = isAddress(asked) ? await ofAddress(context, actor, asked, null) : null
  if (guest?.kind === 'answer') return guest
  const [person] = users
  if (person && users.length === 1) return await ofAddress(context, actor, person.email, person)
  if (users.length > 1) return { kind: 'choices', people: users, mail: [] }
  return await byPartOfAddress(context, actor, asked)
}

async function byMessage(context: Context, actor: Actor, id: string): Promise<AnswerView> {
  try {
    const message = await getMessage(context, actor, id)
    return { kind: 'answer', address: message.to, user: await accountOf(context, message.to), message, earlier: [] }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return { kind: 'nothing' }
    throw error
  }
}

async function accountOf(context: Context, address: string): Promise<UserView | null> {
  const { users } = await listUsers(context, usersQuery(address))
  return users.find(({ email }) => sameAddressKey(email) === sameAddressKey(address)) ?? null
}

async function ofAddress(context: Context, actor: Actor, address: string, user: UserView | null): Promise<AnswerView> {
  const mail = await mailTo(context, address)
  const own = mail.filter(({ to }) => sameAddressKey(to) === sameAddressKey(address))
  const [newest, ...earlier] = own
  if (!newest) return user ? { kind: 'answer', address, user, message: null, earlier: [] } : { kind: 'nothing' }
  const message = await getMessage(context, actor, newest.id)
  return { kind: 'answer', address, user, message, earlier: earlier.slice(0, choices) }
}

/** Nobody's account, and no whole address: those that mail was sent to. */
async function byPartOfAddress(context: Context, actor: Actor, part: string): Promise<AnswerView> {
  const mail = await mailTo(context, part)
  const newestOf = new Map<string, MessageListItem>()
  for (const one of mail) if (!newestOf.has(sameAddressKey(one.to))) newestOf.set(sameAddressKey(one.to), one)
  const addresses = [...newestOf.values()].slice(0, choices)
  const [only] = addresses
  if (!only) return { kind: 'nothing' }
  if (addresses.length === 1) return await ofAddress(context, actor, only.to, null)
  return { kind: 'choices', people: [], mail: addresses }
}

const mailTo = async (context: Context, to: string): Promise<MessageListItem[]> =>
  (await listMessages(context, listMessagesQuery.parse({ to, limit: '25' }))).messages
