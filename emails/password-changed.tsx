import { z } from 'zod'
import { addressSchema } from '@/core/address'
import { instantInWords } from './instant'
import { Action, InFull, Layout, Lead, Note, Title } from './layout'
import { webAddress, type Props, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  email: addressSchema,
  changed_at: z.iso.datetime(),
  /** Where a new password can be asked for, by whoever did not do this. */
  forgot_url: webAddress,
})
type Data = z.infer<typeof data>
type ChangedProps = Props<Data, SecretOf<'nothing'>>

const title = 'Your password was changed'
const act = 'It was not me'
const why = 'You get this mail whenever the password of your account changes. If it was you, there is nothing to do.'

/** Everything the mail says, once, for both of its parts. */
const sentences = ({ data }: ChangedProps) => ({
  lead: `Hello ${data.first_name}, the password of your Usual Store account ${data.email} was changed on ${instantInWords(new Date(data.changed_at))}. Everyone who was signed in with the old one has been signed out.`,
  note: 'If it was not you, somebody else can sign in as you: choose a new password now, and tell support.',
})

function Html(props: ChangedProps) {
  const { lead, note } = sentences(props)
  const url = props.data.forgot_url
  return (
    <Layout title={passwordChanged.subject(props.data)} preview={lead} why={why}>
      <Title>{title}</Title>
      <Lead>{lead}</Lead>
      <Action url={url}>{act}</Action>
      <Note>{note}</Note>
      <InFull url={url} />
    </Layout>
  )
}

function text(props: ChangedProps): string {
  const { lead, note } = sentences(props)
  return [title, lead, `${act}:\n${props.data.forgot_url}`, note, `-- \nUsual Store\n${why}`].join('\n\n')
}

export const passwordChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  sample: {
    first_name: 'Olena',
    email: 'olena.sample@example.com',
    changed_at: '2026-11-24T15:34:59.999Z',
    forgot_url: 'https://desk.example.com/support/forgot-password',
  },
  subject: () => 'Your Usual Store password was changed',
  Html,
  text,
}
