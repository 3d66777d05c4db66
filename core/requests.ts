import { z } from 'zod'
import { addressSchema } from './address-schema'
import { cursorOf, exactInstant } from './cursor'
import { zoneNamed } from './day'
import { deliveries } from './delivery-mode'
import { ambiguousRules, listedStatuses, messageTypes, previewParts, priorities } from './message'
import { longestNote } from './note'
import { roles } from './roles'

/** What the API takes, field by field. Forms check with the same schemas, so page and server never disagree. */

/** Neither blank nor a character without a shape, such as a zero-width space or an empty filler. */
const visible = /[^\s\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u

/**
 * One line: a line break in a name or subject could begin a mail header of its own. It is read as it is written: what
 * turns the direction of writing around (bidi controls) makes one name look like another, and what shows nothing is none.
 */
export const line = (max: number) =>
  z
    .string()
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'This must be one line, without control characters.')
    .regex(/^[^\u202A-\u202E\u2066-\u2069]*$/u, 'This holds a hidden character that changes the direction of writing.')
    .trim()
    .min(1)
    .max(max)
    .regex(visible, 'This needs at least one character that can be seen.')

/**
 * No rules of composition (SECURITY: ASVS 6.2.5). Longer ones are refused, never cut: argon2 takes any length, so the limit is
 * only there to bound what one request may cost. What is easy to guess is refused by the server, which knows the lists.
 */
export const passwordSchema = z
  .string()
  .refine((value) => Array.from(value).length >= 8, 'A password has at least 8 characters.')
  .refine(
    (value) => new TextEncoder().encode(value).length <= 128,
    'A password has at most 128 bytes: 128 plain letters, fewer of other scripts.',
  )
  .regex(/^\P{Cc}*$/u, 'A password has no control characters, such as a line break.')
  .regex(/[^\s\p{Z}]/u, 'A password needs more than blanks.')

export const createUserRequest = z.strictObject({
  first_name: line(100),
  last_name: line(100),
  email: addressSchema,
  /** Given by staff: the mail carries it, and it must be changed at the first sign-in. Without it the mail carries a link. */
  password: passwordSchema.optional(),
  role: z.enum(roles).default('user'),
  welcome: z.boolean().default(true),
})
export type CreateUserRequest = z.output<typeof createUserRequest>

const accountStatuses = ['active', 'disabled'] as const

/** What is left out stays as it is. */
export const editUserRequest = z
  .strictObject({
    first_name: line(100).optional(),
    last_name: line(100).optional(),
    email: addressSchema.optional(),
    role: z.enum(roles).optional(),
    status: z.enum(accountStatuses).optional(),
    /** Of whoever asks, when they change the address of their own account. */
    current_password: z.string().max(128).optional(),
    /** With another address: the invitation goes there in the same step. */
    send_again: z.boolean().optional(),
  })
  .refine(
    (request) => Object.keys(request).some((name) => name !== 'current_password' && name !== 'send_again'),
    'There is nothing to change in this request.',
  )
export type EditUserRequest = z.output<typeof editUserRequest>

/** An instant with its offset (RFC 3339), as it is in UTC. Whether it has passed is for whoever knows the time. */
export const instant = z.iso
  .datetime({
    offset: true,
    error: 'This must be an instant like 2026-12-24T18:00:00+01:00 (RFC 3339, with its offset).',
  })
  .transform((value) => new Date(value))
  .refine((at) => at.getUTCFullYear() >= 2000 && at.getUTCFullYear() < 9999, 'This year is not one of ours.')
  .transform((at) => at.toISOString())

export const sendMessageRequest = z
  .strictObject({
    to: addressSchema,
    subject: line(255).optional(),
    message: z.string().min(1).max(200_000).optional(),
    template: z.string().default('plain'),
    data: z.record(z.string(), z.unknown()).optional(),
    type: z.enum(messageTypes).optional(),
    priority: z.enum(priorities).optional(),
    from: addressSchema.optional(),
    reply_to: addressSchema.optional(),
    sensitive: z.boolean().optional(),
    /** Not before then; at most 30 days ahead. */
    send_at: instant.optional(),
    on_ambiguous: z.enum(ambiguousRules).optional(),
  })
  .superRefine((request, context) => {
    const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (request.template === 'plain') {
      if (request.subject === undefined) refuse('subject', needed)
      if (request.message === undefined) refuse('message', needed)
      if (request.data !== undefined) refuse('data', 'The plain template takes its text from message.')
    } else if (request.message !== undefined) {
      refuse('message', 'This template has its own words: leave message out.')
    }
  })
export type SendMessageRequest = z.output<typeof sendMessageRequest>

export const forgotPasswordRequest = z.strictObject({ email: addressSchema })

export const resetPasswordRequest = z.strictObject({ token: z.string().min(1).max(200), password: passwordSchema })

export const wholeNumber = (most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'This must be a whole number.')
    .transform(Number)
    .pipe(z.number().min(1).max(most))

export const openLinkRequest = z.strictObject({ token: z.string().min(1).max(200) })

export const addNoteRequest = z.strictObject({
  body: z.string().trim().min(1, 'A note needs some words.').max(longestNote),
})
export type AddNoteRequest = z.output<typeof addNoteRequest>

export const answerQuery = z.strictObject({ q: z.string().trim().min(1).max(254) })

export const hoursQuery = z.strictObject({ days: wholeNumber(31).default(8) })

export const setPasswordRequest = z.strictObject({
  password: passwordSchema,
  current_password: z.string().max(128).optional(),
})

export const setUpRequest = z.strictObject({
  token: z.string().min(1).max(200),
  first_name: line(100),
  last_name: line(100),
  email: addressSchema,
  password: passwordSchema,
})
export type SetUpRequest = z.output<typeof setUpRequest>

/** What `npm run admin -- create` is told. */
export const makeSuperAdminArguments = z
  .strictObject({ email: addressSchema, 'first-name': line(100), 'last-name': line(100) })
  .transform((given) => ({ email: given.email, firstName: given['first-name'], lastName: given['last-name'] }))

/** Which of one's own sessions are ended: all of them, or all but the one that asks. */
export const endSessionsQuery = z.strictObject({ keep: z.literal('this').optional() })

const userSorts = ['created_at', 'first_name', 'last_name', 'email', 'role', 'id'] as const

/** What became of somebody's last mail; who cannot be sure is not among those who know. */
const mailOutcomes = ['accepted', 'on_its_way', 'not_accepted', 'may_have_been_delivered'] as const
export type MailOutcome = (typeof mailOutcomes)[number]

const userStates = ['active', 'invited', 'disabled'] as const

const zoneSchema = z
  .string()
  .max(64)
  .transform((name, context) => {
    const zone = zoneNamed(name)
    if (zone !== null) return zone
    context.addIssue({ code: 'custom', message: 'This is not the name of a time zone, such as Europe/Kyiv.' })
    return z.NEVER
  })

/** Whom: everything that is given has to fit. */
export const userFilter = z.strictObject({
  /** A part of the name (first last, or last first), of the address or of the role; an id; or a day. */
  search: z.string().trim().max(200).optional(),
  /** In which a day is meant, as `Europe/Kyiv`; standard: UTC. */
  zone: zoneSchema.optional(),
  role: z.enum(roles).optional(),
  /** `invited`: those of the active ones who have not been here yet. */
  status: z.enum(userStates).optional(),
  mail: z.enum(mailOutcomes).optional(),
})
export type UserFilter = z.output<typeof userFilter>

const userId = z.number().int().nonnegative().max(2_147_483_647)
/** The last of a page: what it was sorted by, with its value, and its id. */
const userPlace = z.union([
  z.tuple([z.literal('created_at'), exactInstant, userId]),
  z.tuple([z.literal('id'), z.string().regex(/^\d{1,9}$/), userId]),
  z.tuple([z.enum(['first_name', 'last_name', 'email', 'role']), z.string().max(300), userId]),
])
export type UserSort = (typeof userSorts)[number]
export type UserPlace = [by: UserSort, value: string, id: number]

export const listUsersQuery = z.strictObject({
  ...userFilter.shape,
  page: wholeNumber(1_000_000).default(1),
  page_size: wholeNumber(100).default(10),
  sort_by: z.enum(userSorts).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
  /** In the place of `page`: on from the end of a page. */
  cursor: cursorOf(userPlace).optional(),
  /** Leaves the counting out. */
  count: z.literal('none').optional(),
})
export type ListUsersQuery = z.output<typeof listUsersQuery>

/** What the palette of commands looks for. */
export const searchQuery = z.strictObject({ q: z.string().trim().min(1).max(200) })

/** Of the time until now, for who asks again and again: an instant would have to be told anew each time. */
const recentSpans = ['1h', '24h', '7d', '30d'] as const
export type RecentSpan = (typeof recentSpans)[number]

/** Which messages: everything that is given has to fit. */
export const messageFilter = z.strictObject({
  /** Several: `status=queued&status=sending`, or `status=queued,sending`. */
  status: z
    .union([z.string().transform((value) => value.split(',')), z.array(z.string())])
    .pipe(z.array(z.enum(listedStatuses)))
    .optional(),
  /** What becomes of them, several as for status: `delivery=held`. */
  delivery: z
    .union([z.string().transform((value) => value.split(',')), z.array(z.string())])
    .pipe(z.array(z.enum(deliveries)))
    .optional(),
  /** A part of the address. */
  to: z.string().trim().max(254).optional(),
  /** All of the address, in capitals or not. */
  address: z.string().trim().max(254).optional(),
  /** The account that they are about, whatever their address was. */
  user: wholeNumber(2_147_483_647).optional(),
  /** A part of the address or of the subject. */
  search: z.string().trim().max(255).optional(),
  type: z.enum(messageTypes).optional(),
  template: z.string().max(100).optional(),
  /** Who asked, as `created_by` says it. */
  sender: z.string().max(300).optional(),
  /** Asked for at or after then. */
  from: instant.optional(),
  /** Asked for before then. */
  until: instant.optional(),
  within: z.enum(recentSpans).optional(),
})
export type MessageFilter = z.output<typeof messageFilter>

export const listMessagesQuery = z.strictObject({
  ...messageFilter.shape,
  /** In the place of a filter: all mail of an account, what is about it and what went to its present address. */
  person: wholeNumber(2_147_483_647).optional(),
  cursor: z.uuid('This is not a cursor that we gave.').optional(),
  limit: wholeNumber(100).default(25),
})
export type ListMessagesQuery = z.output<typeof listMessagesQuery>

export const previewQuery = z.strictObject({ part: z.enum(previewParts).default('html') })

const needed = 'This field is needed.'

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

/** Plain words for what zod finds; for `schema.safeParse(value, { error: plainWords })`. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? needed : `This must be ${kinds[issue.expected] ?? 'something else'}.`
    case 'invalid_value':
      return issue.input === undefined ? needed : `This must be one of: ${issue.values.map(String).join(', ')}.`
    case 'too_small':
      if (issue.origin !== 'string') return `This must be at least ${issue.minimum}.`
      return issue.minimum === 1 ? needed : `This must be at least ${issue.minimum} characters long.`
    case 'too_big':
      return issue.origin === 'string'
        ? `This must be at most ${issue.maximum} characters long.`
        : `This must be at most ${issue.maximum}.`
    case 'unrecognized_keys':
      return 'This field is not known.'
    case 'invalid_union':
      return 'This has the wrong form.'
    default:
      return undefined
  }
}

/** Field → what is wrong with it, the first fault of each field. Nested fields read `data.first_name`. */
export function faultsByField(error: z.ZodError): Record<string, string> {
  const faults = new Map<string, string>()
  for (const issue of error.issues) {
    const path = issue.path.map(String)
    const fields = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
    for (const field of fields) {
      const name = field.join('.') || 'body'
      if (!faults.has(name)) faults.set(name, issue.message)
    }
  }
  return Object.fromEntries(faults)
}
