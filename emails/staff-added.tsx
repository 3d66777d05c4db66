import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { roleLabel, roles } from '@/core/roles'
import { instantInWords } from './instant'
import { Action, Facts, InFull, Layout, Lead, Note, Title } from './layout'
import { instantSchema, webAddress, type Props, type SecretOf, type Template } from './template'

const data = z.strictObject({
  /** Who is told. */
  first_name: z.string().min(1).meta({ title: 'First name of who is told' }),
  /** Who has the role now. */
  name: z.string().min(1).meta({ title: 'Who has the role now' }),
  email: addressSchema.meta({ title: 'Address' }),
  role: z.enum(roles),
  how: z.enum(['created', 'promoted']).meta({ title: 'How' }),
  by: z.string().min(1).meta({ title: 'Who did it' }),
  at: instantSchema.meta({ title: 'When' }),
  account_url: webAddress.meta({ title: 'Link to the account' }),
})
type Data = z.infer<typeof data>
type AddedProps = Props<Data, SecretOf<'nothing'>>

const act = 'Open the account'
const note = 'If this should not have happened, disable the account now, and find out who did it.'
const why =
  'You get this mail because you are a Super Administrator of Usual Store, whenever somebody else adds one or an Administrator.'

const title = ({ role }: Data): string => `New ${roleLabel(role)}`

/** Everything the mail says, once, for both of its parts. */
const sentences = ({ data }: AddedProps) => ({
  lead: `Hello ${data.first_name}, ${data.how === 'created' ? 'an account with the role' : 'an account was given the role'} ${roleLabel(data.role)}${data.how === 'created' ? ' was created' : ''}.`,
  facts: [
    { label: 'Account', value: data.name },
    { label: 'Address', value: data.email },
    { label: 'Role', value: roleLabel(data.role) },
    { label: data.how === 'created' ? 'Created by' : 'Given by', value: data.by },
    { label: 'When', value: instantInWords(new Date(data.at)) },
  ],
})

function Html(props: AddedProps) {
  const { lead, facts } = sentences(props)
  const url = props.data.account_url
  return (
    <Layout title={staffAdded.subject(props.data)} preview={lead} why={why}>
      <Title>{title(props.data)}</Title>
      <Lead>{lead}</Lead>
      <Action url={url}>{act}</Action>
      <Note>{note}</Note>
      <Facts facts={facts} />
      <InFull url={url} />
    </Layout>
  )
}

function text(props: AddedProps): string {
  const { lead, facts } = sentences(props)
  const lines = facts.map(({ label, value }) => `${label}: ${value}`).join('\n')
  const url = props.data.account_url
  return [title(props.data), lead, `${act}:\n${url}`, note, lines, `-- \nUsual Store\n${why}`].join('\n\n')
}

export const staffAdded: Template<Data, SecretOf<'nothing'>> = {
  data,
  secret: () => 'nothing',
  about: 'Tells the Super Administrators of somebody who has become one, or an Administrator.',
  sample: {
    first_name: 'Olena',
    name: 'Noor Sample',
    email: 'noor.sample@example.com',
    role: 'admin',
    how: 'created',
    by: 'Maya Sample',
    at: '2026-11-24T15:34:59.999Z',
    account_url: 'https://desk.example.com/support/users/7',
  },
  subject: ({ role }) => `New ${roleLabel(role)} at Usual Store`,
  Html,
  text,
}
