import { z } from 'zod'
import { addressSchema } from '@/core/address'
import { instantInWords } from './instant'
import { Layout, Lead, Note, Title } from './layout'
import type { Props, SecretOf, Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  /** The one that it was, which this mail goes to. The new one is nobody's business there. */
  email: addressSchema,
  /** Whoever did it for them; null: somebody who was signed in as them. */
  by: z.string().min(1).nullable(),
  at: z.iso.datetime(),
})
type Data = z.infer<typeof data>
type ChangedProps = Props<Data, SecretOf<'nothing'>>

const title = 'Your account has another address'
const note =
  'If this should not have happened, tell support at once: whoever reads mail at the other address can choose a new password.'
const why =
  'You get this mail because it was the address of your account until now. If you know of it, there is nothing to do.'

/** Everything the mail says, once, for both of its parts. */
const leadOf = ({ first_name, email, by, at }: Data): string =>
  `Hello ${first_name}, the address of your Usual Store account was changed${by === null ? '' : ` by ${by}`} on ${instantInWords(new Date(at))}. It is no longer ${email}, and you sign in with the other one.`

function Html({ data }: ChangedProps) {
  const lead = leadOf(data)
  return (
    <Layout title={addressChanged.subject(data)} preview={lead} why={why}>
      <Title>{title}</Title>
      <Lead>{lead}</Lead>
      <Note>{note}</Note>
    </Layout>
  )
}

const text = ({ data }: ChangedProps): string => [title, leadOf(data), note, `-- \nUsual Store\n${why}`].join('\n\n')

export const addressChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  sample: {
    first_name: 'Olena',
    email: 'olena.sample@example.com',
    by: 'Maya Sample',
    at: '2026-11-24T15:34:59.999Z',
  },
  subject: () => 'The address of your Usual Store account was changed',
  Html,
  text,
}
