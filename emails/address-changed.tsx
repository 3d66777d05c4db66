import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { instantInWords } from './instant'
import { NoticeHtml, noticeText, type NoticeWords } from './notice'
import { instantSchema, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  /** The one that it was, which this mail goes to. The new one is nobody's business there. */
  email: addressSchema.meta({ title: 'Address' }),
  /** Whoever did it for them; null: somebody who was signed in as them. */
  by: z.string().min(1).nullable().meta({ title: 'Who did it' }),
  at: instantSchema.meta({ title: 'When' }),
})
type Data = z.infer<typeof data>

const wordsOf = ({ first_name, email, by, at }: Data): NoticeWords => ({
  title: 'Your account has another address',
  lead: `Hello ${first_name}, the address of your Usual Store account was changed${by === null ? '' : ` by ${by}`} on ${instantInWords(new Date(at))}. It is no longer ${email}, and you sign in with the other one.`,
  note: 'If this should not have happened, tell support at once: whoever reads mail at the other address can choose a new password.',
  why: 'You get this mail because it was the address of your account until now. If you know of it, there is nothing to do.',
})

export const addressChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  about: 'Tells the old address of an account that it has another one now.',
  sample: {
    first_name: 'Olena',
    email: 'olena.sample@example.com',
    by: 'Maya Sample',
    at: '2026-11-24T15:34:59.999Z',
  },
  subject: () => 'The address of your Usual Store account was changed',
  Html: ({ data }) => <NoticeHtml subject={addressChanged.subject(data)} words={wordsOf(data)} />,
  text: ({ data }) => noticeText(wordsOf(data)),
}
