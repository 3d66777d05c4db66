import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { instantInWords } from './instant'
import { NoticeHtml, noticeText, type NoticeWords } from './notice'
import { instantSchema, webAddress, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  email: addressSchema.meta({ title: 'Address' }),
  what: z.enum(['added', 'removed']).meta({ title: 'What happened' }),
  /** Whoever did it for them; null: somebody who was signed in as them. */
  by: z.string().min(1).nullable().meta({ title: 'Who did it' }),
  at: instantSchema.meta({ title: 'When' }),
  /** Where a new password can be asked for, by whoever did not do this. */
  forgot_url: webAddress.meta({ title: 'Link to a new password' }),
})
type Data = z.infer<typeof data>

const wordsOf = ({ first_name, email, what, by, at, forgot_url }: Data): NoticeWords => {
  const when = `${by === null ? '' : ` by ${by}`} on ${instantInWords(new Date(at))}`
  return {
    ...(what === 'added'
      ? {
          title: 'An authenticator app was added',
          lead: `Hello ${first_name}, an authenticator app was added to your Usual Store account ${email}${when}. From now on, signing in asks for a code of it.`,
        }
      : {
          title: 'Your authenticator app was removed',
          lead: `Hello ${first_name}, the authenticator app of your Usual Store account ${email} was removed${when}. Until another is added, signing in asks for no code.`,
        }),
    action: { label: 'Choose a new password', url: forgot_url },
    note: 'If this should not have happened, somebody may be able to sign in as you: choose a new password now, and tell support.',
    why: 'You get this mail whenever an authenticator app is added to your account or removed from it. If you know of it, there is nothing to do.',
  }
}

export const secondFactorChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  about: 'Tells the holder of an account that an authenticator app was added to it or removed.',
  sample: {
    first_name: 'Olena',
    email: 'olena.sample@example.com',
    what: 'removed',
    by: 'Maya Sample',
    at: '2026-11-24T15:34:59.999Z',
    forgot_url: 'https://desk.example.com/support/forgot-password',
  },
  subject: ({ what }) =>
    what === 'added'
      ? 'An authenticator app was added to your Usual Store account'
      : 'The authenticator app of your Usual Store account was removed',
  Html: ({ data }) => <NoticeHtml subject={secondFactorChanged.subject(data)} words={wordsOf(data)} />,
  text: ({ data }) => noticeText(wordsOf(data)),
}
