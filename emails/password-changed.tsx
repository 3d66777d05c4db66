import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { instantInWords } from './instant'
import { NoticeHtml, noticeText, type NoticeWords } from './notice'
import { instantSchema, webAddress, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  email: addressSchema.meta({ title: 'Address' }),
  changed_at: instantSchema.meta({ title: 'When' }),
  /** Where a new password can be asked for, by whoever did not do this. */
  forgot_url: webAddress.meta({ title: 'Link to a new password' }),
})
type Data = z.infer<typeof data>

const wordsOf = ({ first_name, email, changed_at, forgot_url }: Data): NoticeWords => ({
  title: 'Your password was changed',
  lead: `Hello ${first_name}, the password of your Usual Store account ${email} was changed on ${instantInWords(new Date(changed_at))}. Everyone who was signed in with the old one has been signed out.`,
  action: { label: 'It was not me', url: forgot_url },
  note: 'If it was not you, somebody else can sign in as you: choose a new password now, and tell support.',
  why: 'You get this mail whenever the password of your account changes. If it was you, there is nothing to do.',
})

export const passwordChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  about: 'Tells the holder of an account that its password was changed.',
  sample: {
    first_name: 'Olena',
    email: 'olena.sample@example.com',
    changed_at: '2026-11-24T15:34:59.999Z',
    forgot_url: 'https://desk.example.com/support/forgot-password',
  },
  subject: () => 'Your Usual Store password was changed',
  Html: ({ data }) => <NoticeHtml subject={passwordChanged.subject(data)} words={wordsOf(data)} />,
  text: ({ data }) => noticeText(wordsOf(data)),
}
