import { Fragment, type ReactNode } from 'react'
import { z } from 'zod'
import { hidden } from '@/core/message'
import { BodyText, Layout, WebLink } from './layout'
import { webAddress, type Props, type SecretOf, type Template } from './template'

const data = z.strictObject({ body: z.string().meta({ title: 'Text', format: 'lines' }) })
type Data = z.infer<typeof data>
type PlainSecret = SecretOf<'body' | 'nothing'>

const trueBody = ({ data, secret }: Props<Data, PlainSecret>): string => ('body' in secret ? secret.body : data.body)

/** The end of the address without the punctuation of the sentence around it. A loop: a regex would be quadratic here. */
function addressEnd(candidate: string): number {
  let end = candidate.length
  while (end > 0 && `.,;:!?'")]}*`.includes(candidate.charAt(end - 1))) end--
  return end
}

/** One line of text with its web addresses made into links. */
function linked(line: string): ReactNode[] {
  const parts: ReactNode[] = []
  let at = 0
  for (const match of line.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const url = match[0].slice(0, addressEnd(match[0]))
    if (!webAddress.safeParse(url).success) continue
    parts.push(line.slice(at, match.index), <WebLink key={match.index} url={url} />)
    at = match.index + url.length
  }
  parts.push(line.slice(at))
  return parts
}

/** What the inbox shows beside the subject: the beginning, never half a character. */
const beginning = (body: string): string =>
  body
    .slice(0, 150)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/\s+/g, ' ')
    .trim()

function Html(props: Props<Data, PlainSecret>) {
  const body = trueBody(props)
  // Breaks as elements, since Outlook for Windows does not know `white-space`.
  const lines = body.split(/\r\n|\r|\n/).map((line, index) => (
    // oxlint-disable-next-line react/no-array-index-key -- a line of text has no other identity, and nothing is ever moved
    <Fragment key={index}>
      {index > 0 && <br />}
      {linked(line)}
    </Fragment>
  ))
  return (
    <Layout title={plain.subject(props.data)} preview={beginning(body)}>
      <BodyText>{lines}</BodyText>
    </Layout>
  )
}

export const plain: Template<Data, PlainSecret> = {
  data,
  /** A body that names a secret is stored as `[hidden]` and sealed. */
  secret: ({ body }) => (body === hidden ? 'body' : 'nothing'),
  about: 'Carries any text, as another service or staff wrote it.',
  sample: { body: 'Hello Olena,\n\nyour parcel has left our store. Follow it at https://store.example.com/parcels.' },
  subject: () => 'A message from Usual Store',
  Html,
  text: trueBody,
}
