import type { Delivery, DeliveryMode } from './delivery-mode'
import type { MailState } from './mail-state'
import type { DeadReason, HiddenPart, MessageType, Priority, Status } from './message'
import type { KeyRole } from './permissions'
import type { Role } from './roles'
import type { Phases } from './sentences'

/** The shapes that the API answers with and that pages show. Instants are RFC 3339 strings in UTC. */

export type UserView = {
  id: number
  first_name: string
  last_name: string
  email: string
  role: Role
  status: 'active' | 'disabled'
  created_at: string
  created_by: string
  last_sign_in_at: string | null
  /** They have a password of their own, or one given by staff. */
  has_password: boolean
  must_change_password: boolean
  /** A first password opens nothing after this; null for one of their own. */
  first_password_expires_at: string | null
  last_mail: {
    id: string
    status: Status
    may_have_been_delivered: boolean
    delivery: Delivery
    at: string
  } | null
}

/** The first steps of an account: what is known of its invitation, its link, its password and its first sign-in. */
export type OnboardingView = {
  /** The newest one. */
  invitation: MessageListItem | null
  link: LinkView | null
  /** When they chose a password of their own. */
  password_set_at: string | null
  first_sign_in_at: string | null
  /** Before then the invitation is not sent once more; null: it can be. */
  can_invite_at: string | null
}

/** Staff to staff, about a person. */
export type NoteView = {
  id: number
  body: string
  /** Null: their account is gone. */
  author_id: number | null
  author: string
  created_at: string
}

/** One sign-in of one's own that still lasts. */
export type SessionView = {
  id: string
  /** `Firefox on Windows` */
  browser: string
  address: string
  created_at: string
  last_seen_at: string
  /** The one that asks. */
  is_this_one: boolean
}

export type SecondFactorView = {
  /** Since when it is asked for; null: there is none. */
  since: string | null
  recovery_codes_left: number
  /** The role must have one. */
  is_required: boolean
}

export type MessageListItem = {
  id: string
  type: MessageType
  status: Status
  to: string
  subject: string
  template: string
  priority: Priority
  retry_count: number
  max_retries: number
  created_at: string
  /** Who asked for it. */
  created_by: string
  due_at: string
  sent_at: string | null
  closed_at: string | null
  dead_reason: DeadReason | null
  may_have_been_delivered: boolean
  /** held: it waits until staff release it. pretend: made, and never sent. */
  delivery: Delivery
  last_reply: string | null
  /** What the last reply means: a `Cause` of smtp-failure.ts. */
  last_cause: string | null
  /** The host of the second route, when the last try went that way. */
  route_host: string | null
  /** People gave it all its tries again: `retry_count` begins there. */
  was_put_back: boolean
  /** Set while Kafka has not taken its record. */
  waiting_for_kafka_since: string | null
  /** Set while it is due and waits because sending is paused. */
  delayed_since: string | null
  /** It is not sent after this. */
  expires_at: string
  /** Suppressed: since when its address has been on the list; null when it was taken off meanwhile. */
  suppressed_since: string | null
  summary: string
}

/** What the palette of commands offers. */
export type SearchView = {
  people: Pick<UserView, 'id' | 'first_name' | 'last_name' | 'email' | 'role'>[]
  messages: MessageListItem[]
}

export type TimelineEntry = {
  at: string
  event: MessageEventKind
  sentence: string
  /** A second line in plain words, where there is more to say. */
  detail: string | null
  /** The SMTP reply or error as it came. */
  reply: string | null
  tone: 'fact' | 'now' | 'good' | 'wait' | 'unsure' | 'stop' | 'calm'
  /** Of a try: where its time went. */
  took: Phases | null
}

/** A one-time link that was mailed. The link itself is nowhere. */
export type LinkView = {
  state: LinkState
  expires_at: string
  /** When its page was first seen in a browser. */
  opened_at: string | null
  /** When a password was chosen with it. */
  used_at: string | null
}
/** `works`, or why it does not any more. */
export type LinkState = 'works' | 'used' | 'expired' | 'replaced' | 'password_changed' | 'address_changed' | 'disabled'

export type MessageAction = 'retry' | 'resend' | 'cancel' | 'release'
/** Null: whoever asks may do it now. Else why not, in one sentence. */
export type MessageActions = Record<MessageAction, string | null>

export type MessageView = MessageListItem & {
  from: string
  reply_to: string | null
  sensitive: boolean
  /** What its preview hides: it carries this. */
  hides: HiddenPart | null
  message_id_header: string
  /** When it was asked to go out; null: at once. */
  send_at: string | null
  /** The message that this one was sent again for. */
  resend_of: string | null
  /** The newest message that was sent for this one. */
  sent_again: { id: string; to: string; status: Status } | null
  /** The id that it has at the service that put it on the topic; null: it was asked for here. */
  producer_id: string | null
  /** Which SMTP route took it; null while none has. */
  route: 'primary' | 'fallback' | null
  user: { id: number; name: string; first_name: string; email: string; is_disabled: boolean } | null
  /** What became of the link that it carried; null: it carried none, or has not been sent yet. */
  link: LinkView | null
  /** Where its last record stands in Kafka; null before the first try. */
  kafka: { topic: string; partition: number; offset: number } | null
  actions: MessageActions
  timeline: TimelineEntry[]
}

/** What message_events.event may hold. `sending` is not stored: it is told from the hold while it lasts. */
export type MessageEventKind =
  | 'accepted'
  | 'kafka_unreachable'
  | 'sending'
  | 'sent'
  | 'try_failed'
  | 'dead'
  | 'released'
  | 'worker_lost'
  | 'proven_sent'
  | 'cancelled'
  /** Given back, no try burned: the mail server, or the worker itself, could not do it now. */
  | 'delayed'
  | 'suppressed'
  /** Made and not sent: by its key, or by the mode of the whole installation. */
  | 'pretended'
  /** Held until staff let it go. */
  | 'let_go'
  /** Put back by people, with a fresh budget of tries. */
  | 'retried'
  /** Sent again by people, as a message of its own. */
  | 'resent'

/** "Did they get it?" */
export type AnswerView =
  | {
      kind: 'answer'
      address: string
      /** Whose address it is; null: nobody's who has an account. */
      user: UserView | null
      /** The newest mail to it; null: none was asked for. */
      message: MessageView | null
      /** What went to it before that, the newest first. */
      earlier: MessageListItem[]
    }
  /** Several fit: people, or else addresses with their newest mail. `has_more`: these are not all. `is_near`: nobody fits, these are who might be meant. */
  | { kind: 'choices'; people: UserView[]; mail: MessageListItem[]; has_more: boolean; is_near: boolean }
  | { kind: 'nothing' }

/** A kind of mail, with sample data to look at it with. */
export type TemplateView = {
  name: string
  /** What it is sent for, in a sentence. */
  about: string
  from: string
  /** What it is made from, in the order of a form. */
  fields: TemplateField[]
  samples: TemplateSample[]
}

export type TemplateField = {
  name: string
  label: string
  /** `lines`: a text of several lines. */
  kind: 'line' | 'lines' | 'choice'
  /** Of a choice. */
  options: string[]
  /** May be left empty, which is null. */
  is_optional: boolean
}

/** One of each role where the mail has words of its own for each; else there is one, without a role. */
export type TemplateSample = { role: Role | null; data: Record<string, string | null>; subject: string }

/** An API key; of the key itself only its beginning. */
export type KeyView = {
  id: number
  name: string
  prefix: string
  scopes: string[]
  /** It reaches as far as staff of this role. */
  role: KeyRole
  kind: DeliveryMode
  guest_list: string[]
  allowed_addresses: string[]
  /** 0: no limit. */
  requests_per_minute: number
  state: 'active' | 'expired' | 'revoked'
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
  created_by: string
  created_at: string
}

/** An address that gets no mail. */
export type SuppressionView = {
  address: string
  /** hard_bounce: a mail server said that there is no such mailbox. */
  reason: 'hard_bounce' | 'manual'
  /** In words: the server's reply, or what the person wrote. */
  note: string | null
  /** The message whose bounce entered it. */
  message_id: string | null
  added_by: string
  added_at: string
}

/** Whether mail flows, and what that is told from. */
export type DeliveryView = MailState & {
  routes: {
    route: 'primary' | 'fallback'
    state: 'closed' | 'open' | 'half_open'
    kind: 'outage' | 'throttle' | 'configuration' | 'quota' | null
    cause: string | null
    opened_at: string | null
  }[]
  /** The day's share of SEND_RATE is used up until then. */
  day_rate_used_up_until: string | null
}

/** Who did what to whom, and where from. */
export type AuditEntryView = {
  id: number
  at: string
  /** `user:5`, `key:1`, `system`, `nobody`. */
  actor: string
  /** The name that the actor had then. */
  actor_name: string | null
  action: string
  target: string
  /** The name that the account or key has now; of a message its recipient and subject; null for all else, and for what is gone. */
  target_name: string | null
  /** What was changed, field by field. */
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  detail: Record<string, unknown>
  /** Null for what no request caused. */
  address: string | null
  request_id: string
}

/** A record that was kept aside. */
export type DeadRecordItem = {
  topic: string
  partition: number
  offset: number
  reason: string
  /** Of the value, in bytes. */
  size: number
  received_at: string
  /** The beginning, made harmless; null when there is none. */
  key: string | null
  value: string | null
}

export type DeadRecordView = DeadRecordItem & {
  headers: Record<string, string>
  /** Every byte, in base64. */
  key_base64: string | null
  value_base64: string | null
}
