import type { ReactNode } from 'react'
import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { roleLabel, roles, type Role } from '@/core/roles'
import { instantInWords } from './instant'
import { Action, Exact, Facts, InFull, Layout, Lead, Note, Title, WebLink } from './layout'
import { webAddress, type Props, type SecretOf, type Template } from './template'

const data = z.strictObject({
  first_name: z.string().min(1),
  last_name: z.string(),
  email: addressSchema.meta({ title: 'Address' }),
  role: z.enum(roles),
  first_sign_in: z.enum(['link', 'password']).meta({ title: 'First sign-in with a' }),
  /** Staff: the dashboard. Users: the store. */
  login_url: webAddress.meta({ title: 'Where they sign in' }),
})
type Data = z.infer<typeof data>
type WelcomeSecret = SecretOf<'link' | 'password'>

/** What the account is for, in the words of each role. */
const words: Record<Role, { opened: string; start: string; youCan: string; place: string }> = {
  user: {
    opened: 'An account at Usual Store has been opened for you.',
    start: 'you can start shopping',
    youCan: 'Order, follow your parcels and write to support',
    place: 'store',
  },
  supporter: {
    opened: 'You have been made a support agent at Usual Store.',
    start: 'you can start helping customers',
    youCan: 'Open accounts for customers, see what became of their mail and answer their questions',
    place: 'dashboard',
  },
  admin: {
    opened: 'You have been made an administrator at Usual Store.',
    start: 'you can start working in the dashboard',
    youCan: 'Open accounts for customers and support agents, and see what became of every mail',
    place: 'dashboard',
  },
  super_admin: {
    opened: 'You have been made a super administrator at Usual Store.',
    start: 'you can start working in the dashboard',
    youCan: 'Manage every account and role, administrators included, and see what became of every mail',
    place: 'dashboard',
  },
}

/** A password must be copied exactly; an address is there to be followed. */
type Fact = { label: string; value: string; as?: 'exact' | 'link' }

/** Everything the mail says, once, for both of its parts. */
function sentences({ data, secret }: Props<Data, WelcomeSecret>) {
  const { opened, start, youCan, place } = words[data.role]
  const name = `${data.first_name} ${data.last_name}`.trim()
  const why = `You get this mail because an account for ${name} was opened with your address. If you did not expect it, you can ignore it`
  const address: Fact = { label: 'Address', value: data.email }
  const account: Fact[] = [
    { label: 'Account', value: roleLabel(data.role) },
    { label: 'You can', value: youCan },
  ]
  const title = `Welcome, ${data.first_name}`
  if ('link' in secret) {
    const login: Fact = { label: place === 'store' ? 'Store' : 'Dashboard', value: data.login_url, as: 'link' }
    return {
      title,
      lead: `${opened} Choose a password and ${start}.`,
      act: 'Choose your password',
      url: secret.link.url,
      note: `This link works once, until ${instantInWords(secret.link.expiresAt)}.`,
      facts: [address, ...account, login],
      why: `${why}: without a password nobody can use the account.`,
    }
  }
  return {
    title,
    lead: `${opened} Sign in with the password below and ${start}.`,
    act: `Sign in to the ${place}`,
    url: data.login_url,
    note: 'This password must be changed at your first sign-in, within 72 hours: you will be asked for one of your own.',
    facts: [address, { label: 'Password', value: secret.password, as: 'exact' } satisfies Fact, ...account],
    why: `${why}.`,
  }
}

function shown({ value, as }: Fact): ReactNode {
  if (as === 'exact') return <Exact>{value}</Exact>
  return as === 'link' ? <WebLink url={value} /> : value
}

function Html(props: Props<Data, WelcomeSecret>) {
  const { title, lead, act, url, note, facts, why } = sentences(props)
  return (
    <Layout title={welcome.subject(props.data)} preview={lead} why={why}>
      <Title>{title}</Title>
      <Lead>{lead}</Lead>
      <Action url={url}>{act}</Action>
      <Note>{note}</Note>
      <Facts facts={facts.map((fact) => ({ label: fact.label, value: shown(fact) }))} />
      <InFull url={url} />
    </Layout>
  )
}

function text(props: Props<Data, WelcomeSecret>): string {
  const { title, lead, act, url, note, facts, why } = sentences(props)
  const lines = facts.map(({ label, value }) => `${label}: ${value}`).join('\n')
  return [title, lead, `${act}:\n${url}`, note, lines, `-- \nUsual Store\n${why}`].join('\n\n')
}

export const welcome: Template<Data, WelcomeSecret> = {
  data,
  secret: (data) => data.first_sign_in,
  about: 'Opens an account: with a link to choose a password, or with a first password given by staff.',
  sample: {
    first_name: 'Olena',
    last_name: 'Sample',
    email: 'olena.sample@example.com',
    role: 'user',
    first_sign_in: 'link',
    login_url: 'https://store.example.com/',
  },
  subject: (data) => `Welcome to Usual Store - Your ${roleLabel(data.role)} Account`,
  Html,
  text,
}
