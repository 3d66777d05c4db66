import { sameAddressKey } from './address'
import { isFinal } from './message'
import type { Words } from './sentences'
import { knownCause, type Cause } from './smtp-failure'
import type { LinkView, MessageListItem, MessageView } from './views'

/** What is told to a customer about one mail, and about the link in it, where there is one that still works. */
export type CustomerFacts = {
  message: Pick<
    MessageListItem,
    | 'status'
    | 'subject'
    | 'to'
    | 'due_at'
    | 'sent_at'
    | 'delivery'
    | 'may_have_been_delivered'
    | 'delayed_since'
    | 'waiting_for_kafka_since'
    | 'last_cause'
    | 'template'
  >
  /** `Olena`; null: nobody's account. */
  firstName: string | null
  from: string
  /** Until when the link in it works; null: it has none, or it works no more. */
  linkWorksUntil: string | null
  /** The address of their account now; null: nobody's account. */
  presentAddress: string | null
  /** Nothing is sent to a disabled account. */
  isDisabled: boolean
  /** The message that took its place. */
  sentAgain: MessageView['sent_again']
}

/** The same, told from the whole of a message. */
export const customerFacts = (message: MessageView): CustomerFacts => ({
  message,
  firstName: message.user?.first_name ?? null,
  from: message.from,
  linkWorksUntil: worksUntil(message.link),
  presentAddress: message.user?.email ?? null,
  isDisabled: message.user?.is_disabled ?? false,
  sentAgain: message.sent_again,
})

/** Until when a link works; null: there is none, or it works no more. */
export const worksUntil = (link: LinkView | null): string | null => (link?.state === 'works' ? link.expires_at : null)

/** The address itself is the trouble: the customer can tell us a better one. */
const wrongAddress: Partial<Record<Cause, string>> = {
  mailbox_unknown: 'there is no mailbox with this address',
  mailbox_disabled: 'the mailbox with this address is switched off',
  mailbox_moved: 'the mailbox with this address has moved',
  domain_unknown: 'the part after the @ does not exist',
  takes_no_mail: 'the part after the @ takes no mail',
  bad_address: 'the address is not one that can get mail',
}

/** Its mail is made with a new link at each try. */
export const carriesFreshLink = (template: string) => template === 'welcome' || template === 'password-reset'

/**
 * A text to paste: plain, polite, and no promise that we cannot keep. Of a mail that was sent we know that the server to which we
 * hand over has accepted it, not what the customer's own provider did.
 */
export function tellCustomer(facts: CustomerFacts, words: Pick<Words, 'time'>, now: number): string {
  const { message, firstName, from, linkWorksUntil } = facts
  const hello = firstName ? `Hello ${firstName},` : 'Hello,'
  const mail = `our mail “${message.subject}”`
  const look = `please look in your spam folder for ${from}`
  const fresh = carriesFreshLink(message.template) ? ', and its link will be fresh' : ''
  if (message.delivery === 'pretend' && (message.status === 'sent' || !isFinal(message.status)))
    return `${hello} ${mail} was only a test on our side and was not sent to you.`
  if (message.status === 'sent') {
    const until = linkWorksUntil
      ? ` Its link works until ${words.time(linkWorksUntil)}; tell me if you want a new one.`
      : ''
    return `${hello} ${mail} was accepted for delivery at ${words.time(message.sent_at ?? message.due_at)}. If it is not in your inbox, ${look}.${until}`
  }
  if (message.may_have_been_delivered)
    return isFinal(message.status)
      ? `${hello} ${mail} may have reached you, but we could not see whether it did. Please look in your inbox and in your spam folder for ${from}. If it is not there, tell me, and I will send it again.`
      : `${hello} ${mail} may have reached you already, but we could not see whether it did. It is sent once more by itself, so you may get it twice; you need not do anything.`
  switch (message.status) {
    case 'queued':
    case 'sending':
    case 'retrying':
      if (message.delayed_since ?? message.waiting_for_kafka_since)
        return `${hello} ${mail} is delayed by a fault on our side that we are working on. You need not ask again: it goes out by itself${fresh}.`
      if (message.delivery === 'held') return `${hello} ${mail} has not been sent yet. I will write to you when it has.`
      if (isForLater(message, now)) return `${hello} ${mail} is to be sent at ${words.time(message.due_at)}.`
      if (message.status === 'retrying' || message.last_cause !== null) {
        const when =
          message.status !== 'sending' && Date.parse(message.due_at) > now
            ? ` at ${words.time(message.due_at)}`
            : ' now'
        return `${hello} ${mail} has not been accepted yet. We try again by ourselves${when}; you need not do anything.`
      }
      return `${hello} ${mail} is on its way. If it is not in your inbox in a few minutes, ${look}.`
    case 'dead':
      return `${hello} ${whyNotReached(facts)}`
    case 'cancelled':
      return `${hello} ${mail} was not sent, because it was cancelled. Tell me if you still need it, and I will send it again.`
    case 'suppressed':
      return `${hello} we do not send mail to ${message.to} at the moment, because an earlier mail could not be delivered there or because we were asked not to. Please tell me whether the address is right and works.`
    default:
      return message.status satisfies never
  }
}

/** Nobody has tried it yet, because it was asked to go out later. */
const isForLater = ({ status, due_at, last_cause }: CustomerFacts['message'], now: number): boolean =>
  status === 'queued' && last_cause === null && Date.parse(due_at) > now

/** Another address of theirs is known by now. */
const hasMoved = ({ message, presentAddress }: Pick<CustomerFacts, 'message' | 'presentAddress'>): boolean =>
  presentAddress !== null && sameAddressKey(presentAddress) !== sameAddressKey(message.to)

function whyNotReached({ message, presentAddress, sentAgain }: CustomerFacts): string {
  const { subject, to, last_cause } = message
  const mail = `our mail “${subject}”`
  const cause = knownCause(last_cause)
  const wrong = cause && wrongAddress[cause]
  if (sentAgain)
    return sentAgain.status === 'sent'
      ? `${mail} could not reach you at ${to}. We have sent it again to ${sentAgain.to}, and it was accepted there.`
      : `${mail} could not reach you at ${to}. We are sending it again to ${sentAgain.to}.`
  if (wrong && hasMoved({ message, presentAddress }))
    return `${mail} could not reach you at ${to}. We have your address ${presentAddress} by now, and I will send it again there.`
  if (wrong)
    return `${mail} could not reach you: the address we have is ${to}, and ${wrong}. Please tell me the right address, and I will send it again at once.`
  if (cause === 'mailbox_full')
    return `${mail} could not reach you, because your mailbox is full. Please make some room and tell me, and I will send it again.`
  if (cause === 'spam_refused' || cause === 'policy_refused')
    return `${mail} was turned away by a mail server on its way to you. Please tell me another address, or ask your mail provider to let our mail in, and I will send it again.`
  return `${mail} could not be sent. We are looking into it, and I will write to you when it is on its way again.`
}

/** What staff do next, in one sentence; null: nothing, it goes on by itself. */
export function nextStep(facts: CustomerFacts): string | null {
  const { message, isDisabled, sentAgain } = facts
  if (sentAgain && message.status !== 'sent')
    return `It was sent again to ${sentAgain.to}, as another message: look there.`
  if (isDisabled && isFinal(message.status) && message.status !== 'sent')
    return 'Their account is disabled: enable it first, if they are to get mail again.'
  if (message.delivery === 'pretend' && message.status === 'sent')
    return 'To really send it, release mail from the mode test, or use a live key.'
  if (message.status === 'sent')
    return isDisabled
      ? 'Their account is disabled: nothing is sent again unless it is enabled.'
      : 'If they cannot find it in spam either, send it again.'
  if (message.may_have_been_delivered && isFinal(message.status))
    return 'Ask them to look for it first; then send it again, if they have not got it.'
  switch (message.status) {
    case 'queued':
    case 'sending':
    case 'retrying':
      return message.delivery === 'held' ? 'An administrator can release it.' : null
    case 'dead': {
      const cause = knownCause(message.last_cause)
      if (cause && wrongAddress[cause] && hasMoved(facts))
        return 'Their address has been corrected since: send it again.'
      if (cause && wrongAddress[cause]) return 'Ask for the right address, then correct it and send again.'
      if (cause === 'mailbox_full') return 'Ask them to make room, then try it again.'
      return 'Try it again; if it fails again, show its reply to whoever runs the mail server.'
    }
    case 'cancelled':
      return 'Send it again if they still need it.'
    case 'suppressed':
      return 'Ask whether the address works; if it does, an administrator takes it off the suppression list on the page of this message, and it can be sent again.'
    default:
      return message.status satisfies never
  }
}

/** What became of the link in a mail that has arrived, or may have, as staff read it; null: it carries none, or nobody has seen it. */
export function linkWords(
  { status, link }: Pick<MessageView, 'status' | 'link'>,
  { time }: Pick<Words, 'time'>,
): string | null {
  if (!link) return null
  if (link.used_at) return `The link in it was used at ${time(link.used_at)}.`
  if (link.opened_at) {
    const opened = `The link in it was opened at ${time(link.opened_at)}`
    return link.state === 'works'
      ? `${opened}, and no password was chosen with it yet.`
      : `${opened}, and works no more.`
  }
  if (status !== 'sent') return null
  switch (link.state) {
    case 'works':
      return 'The link in it has not been opened yet.'
    case 'expired':
      return `The link in it was not opened, and stopped working at ${time(link.expires_at)}.`
    case 'replaced':
      return 'A newer mail has replaced the link in it.'
    case 'used':
    case 'password_changed':
    case 'address_changed':
    case 'disabled':
      return 'The link in it no longer works.'
    default:
      return link.state satisfies never
  }
}

/** Whether the address itself is what is wrong, as far as the mail server said. */
export const isAddressWrong = (lastCause: string | null): boolean => {
  const cause = knownCause(lastCause)
  return cause !== null && wrongAddress[cause] !== undefined
}
