import type { ReactElement } from 'react'
import { z } from 'zod'
import { hidden } from '@/core/message'

/** An absolute address of the web; anything else (`javascript:`, `data:`) never becomes a link. */
export const webAddress = z.url({ protocol: /^https?$/, error: 'This must be an http or https address.' })

/** An instant in UTC. */
export const instantSchema = z.iso.datetime({ error: 'This must be an instant like 2026-11-24T15:34:59Z.' })

const link = z.strictObject({
  url: z.union([z.literal(hidden), webAddress], { error: 'must be an http or https address' }),
  expiresAt: z.union([z.literal(hidden), z.date()]),
})

/** What a mail needs at the moment it is rendered, and what is stored nowhere in the clear. */
export const secretSchemas = {
  link: z.strictObject({ link }),
  password: z.strictObject({ password: z.string().min(1) }),
  body: z.strictObject({ body: z.string() }),
  nothing: z.strictObject({}),
}
export type SecretKind = keyof typeof secretSchemas
export type SecretOf<Kind extends SecretKind> = z.infer<(typeof secretSchemas)[Kind]>
export type Secret = SecretOf<SecretKind>

export type Props<Data, TheSecret> = { data: Data; secret: TheSecret }

/** One kind of mail. `Html` and `text` say the same facts; a test holds them to it. */
export interface Template<Data, TheSecret extends Secret> {
  /** What is stored with the message: strict, and never secret. */
  data: z.ZodType<Data>
  /** Which secret this data needs: the worker mints a link, or opens what is sealed. */
  secret(data: Data): SecretKind
  /** What it is sent for, in a sentence. */
  about: string
  sample: Data
  /** The subject when the caller names none. */
  subject(data: Data): string
  Html(this: void, props: Props<Data, TheSecret>): ReactElement
  text(props: Props<Data, TheSecret>): string
}
