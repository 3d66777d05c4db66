import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { instantInWords } from './instant'
import { Action, InFull, Layout, Lead, Note, Title } from './layout'
import type { Props, SecretOf, Template } from './template'

const data = z.strictObject({ first_name: z.string().min(1), email: addressSchema.meta({ title: 'Address' }) })
type Data = z.infer<typeof data>
type ResetProps = Props<Data, SecretOf<'link'>>

const title = 'Choose a new password'
const why = 'If you did not ask for it, you can ignore this mail: your password stays as it is.'

/** Everything the mail says, once, for both of its parts. */
const sentences = ({ data, secret }: ResetProps) => ({
  lead: `Hello ${data.first_name}, a new password was asked for your Usual Store account ${data.email}.`,
  note: `This link works once and expires in 60 minutes, on ${instantInWords(secret.link.expiresAt)}.`,
})

function Html(props: ResetProps) {
  const { lead, note } = sentences(props)
  const { url } = props.secret.link
  return (
    <Layout title={passwordReset.subject(props.data)} preview={lead} why={why}>
      <Title>{title}</Title>
      <Lead>{lead}</Lead>
      <Action url={url}>{title}</Action>
      <Note>{note}</Note>
      <InFull url={url} />
    </Layout>
  )
}

function text(props: ResetProps): string {
  const { lead, note } = sentences(props)
  return [lead, `${title}:\n${props.secret.link.url}`, note, `-- \nUsual Store\n${why}`].join('\n\n')
}

export const passwordReset: Template<Data, SecretOf<'link'>> = {
  data,
  secret: () => 'link',
  about: 'Carries a link to choose a new password, to somebody who forgot theirs.',
  sample: { first_name: 'Olena', email: 'olena.sample@example.com' },
  subject: () => 'Reset your Usual Store password',
  Html,
  text,
}
