import { z } from 'zod'
import { addressSchema } from '@/core/address'
import { instantInWords } from './instant'
import { Action, InFull, Layout, Lead, Note, Title } from './layout'
import { webAddress, type Props, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  email: addressSchema,
  what: z.enum(['added', 'removed']),
  /** Whoever did it for them; null: somebody who was signed in as them. */
  by: z.string().min(1).nullable(),
  at: z.iso.datetime(),
  /** Where a new password can be asked for, by whoever did not do this. */
  forgot_url: webAddress,
})
type Data = z.infer<typeof data>
type ChangedProps = Props<Data, SecretOf<'nothing'>>

const act = 'Choose a new password'
const why =
  'You get this mail whenever an authenticator app is added to your account or removed from it. If you know of it, there is nothing to do.'

const title = ({ what }: Data): string =>
  what === 'added' ? 'An authenticator app was added' : 'Your authenticator app was removed'

/** Everything the mail says, once, for both of its parts. */
const sentences = ({ data }: ChangedProps) => {
  const by = data.by === null ? '' : ` by ${data.by}`
  const when = `${by} on ${instantInWords(new Date(data.at))}`
  return {
    lead:
      data.what === 'added'
        ? `Hello ${data.first_name}, an authenticator app was added to your Usual Store account ${data.email}${when}. From now on, signing in asks for a code of it.`
        : `Hello ${data.first_name}, the authenticator app of your Usual Store account ${data.email} was removed${when}. Until another is added, signing in asks for no code.`,
    note: 'If this should not have happened, somebody may be able to sign in as you: choose a new password now, and tell support.',
  }
}

function Html(props: ChangedProps) {
  const { lead, note } = sentences(props)
  const url = props.data.forgot_url
  return (
    <Layout title={secondFactorChanged.subject(props.data)} preview={lead} why={why}>
      <Title>{title(props.data)}</Title>
      <Lead>{lead}</Lead>
      <Action url={url}>{act}</Action>
      <Note>{note}</Note>
      <InFull url={url} />
    </Layout>
  )
}

function text(props: ChangedProps): string {
  const { lead, note } = sentences(props)
  return [title(props.data), lead, `${act}:\n${props.data.forgot_url}`, note, `-- \nUsual Store\n${why}`].join('\n\n')
}

export const secondFactorChanged: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
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
  Html,
  text,
}
