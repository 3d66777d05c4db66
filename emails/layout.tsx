import type { CSSProperties, ReactNode } from 'react'
import { Body, Button, Column, Container, Head, Heading, Html, Link, Preview, Row, Section, Text } from 'react-email'
import { hidden } from '@/core/message'

const font = "Inter, -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
const mono = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"

/** The light values of the design, inline because many mail clients read nothing else. */
const color = {
  canvas: '#F6F5F2',
  card: '#FFFFFF',
  line: '#E7E5E0',
  ink: '#1A1917',
  ink2: '#56534D',
  action: '#1F1E1B',
}

/**
 * What inline styles cannot say: the dark scheme and the narrow screen. A client that drops this shows the light mail,
 * fluid, with the wide paddings.
 */
const css = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){
.edge{padding:24px 12px 28px!important}
.brand{padding-left:4px!important}
.card-body{padding:27px 22px 25px!important}
.foot{padding:18px 10px 0!important}
.title{font-size:22px!important;line-height:30px!important;margin-bottom:13px!important}
.action{display:block!important;text-align:center!important}
.label{width:81px!important}
}
@media (prefers-color-scheme:dark){
.canvas,.canvas>table>tbody>tr>td{background-color:#0E0E0F!important}
.card{background-color:#1A1A1B!important;border-color:#333336!important}
.line{border-color:#333336!important}
.ink{color:#EDECE9!important}
.ink2{color:#AFADA8!important}
.action,.mark{background-color:#EDECE9!important;color:#171716!important}
}`

const size = (px: number, line: number, weight = 400): CSSProperties => ({
  fontSize: px,
  lineHeight: `${line}px`,
  fontWeight: weight,
})

const styles = {
  canvas: { margin: 0, padding: 0, backgroundColor: color.canvas, fontFamily: font },
  edge: { padding: '32px 20px 32px' },
  mark: {
    width: 24,
    height: 20,
    borderRadius: 6,
    backgroundColor: color.action,
    color: '#FFFFFF',
    textAlign: 'center',
    ...size(16, 20, 700),
  },
  name: { ...size(16, 20, 600), letterSpacing: '-0.006em', color: color.ink, paddingLeft: 12 },
  card: {
    backgroundColor: color.card,
    border: `1px solid ${color.line}`,
    borderRadius: 14,
    borderCollapse: 'separate',
  },
  cardBody: { padding: '40px 48px 36px' },
  title: { ...size(24, 32, 600), letterSpacing: '-0.017em', color: color.ink, margin: '0 0 12px' },
  lead: { ...size(16, 25), color: color.ink, margin: '0 0 24px' },
  action: {
    ...size(16, 20, 600),
    backgroundColor: color.action,
    color: '#FFFFFF',
    borderRadius: 8,
    padding: '15px 22px 14px',
  },
  note: { ...size(14, 22), color: color.ink2, margin: '13px 0 0' },
  facts: { marginTop: 27, borderBottom: `1px solid ${color.line}`, borderCollapse: 'separate' },
  label: { ...size(15, 22), letterSpacing: '-0.006em', color: color.ink2, width: 112, verticalAlign: 'top' },
  value: {
    ...size(15, 22),
    letterSpacing: '-0.006em',
    color: color.ink,
    verticalAlign: 'top',
    overflowWrap: 'anywhere',
  },
  cell: { borderTop: `1px solid ${color.line}`, padding: '9px 8px 9px 0' },
  address: { color: 'inherit', textDecoration: 'underline', wordBreak: 'break-all' },
  foot: { padding: '20px 20px 0' },
  why: { ...size(13, 20), color: color.ink2, margin: 0 },
} satisfies Record<string, CSSProperties>

/**
 * The frame of every mail: mark, card, and below it why the reader gets it. The mark is a letter on a coloured cell,
 * since clients block images and strip drawings.
 */
export function Layout(props: { title: string; preview: string; why?: string; children: ReactNode }) {
  return (
    <Html lang="en">
      <Head>
        <title>{props.title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <style>{css}</style>
      </Head>
      <Body className="canvas" style={styles.canvas}>
        <Preview useTitleTag={false}>{props.preview}</Preview>
        <Container style={{ maxWidth: 600, ...styles.edge }} tdClassName="edge">
          <Section style={{ padding: '0 4px 22px' }} tdClassName="brand">
            <Row style={{ width: 'auto', margin: 0 }} width="auto" align="left">
              <Column className="mark" style={styles.mark} aria-hidden="true">
                ✓
              </Column>
              <Column className="ink" style={styles.name}>
                Usual Store
              </Column>
            </Row>
          </Section>
          <Section className="card" style={{ ...styles.card, ...styles.cardBody }} tdClassName="card-body">
            {props.children}
          </Section>
          {props.why && (
            <Section style={styles.foot} tdClassName="foot">
              <Text className="ink2" style={styles.why}>
                {props.why}
              </Text>
            </Section>
          )}
        </Container>
      </Body>
    </Html>
  )
}

export const Title = ({ children }: { children: ReactNode }) => (
  <Heading className="title ink" style={styles.title}>
    {children}
  </Heading>
)

export const Lead = ({ children }: { children: ReactNode }) => (
  <Text className="ink" style={styles.lead}>
    {children}
  </Text>
)

/** The one thing to do. Without an address to follow (`hidden`) it only looks like it. */
export const Action = ({ url, children }: { url: string; children: ReactNode }) => (
  <Button className="action" href={url === hidden ? undefined : url} style={styles.action}>
    {children}
  </Button>
)

export const Note = ({ children }: { children: ReactNode }) => (
  <Text className="ink2" style={styles.note}>
    {children}
  </Text>
)

/** The address in full, for readers whose client shows no button. */
export const InFull = ({ url }: { url: string }) => (
  <Text className="ink2" style={{ ...styles.note, marginTop: 22 }}>
    If the button does not work, open this address:
    <br />
    <WebLink url={url} />
  </Text>
)

export const WebLink = ({ url }: { url: string }) => (
  <Link href={url === hidden ? undefined : url} style={styles.address}>
    {url}
  </Link>
)

/** What has to be copied exactly: every character told apart, no space lost. */
export const Exact = ({ children }: { children: string }) => (
  <span style={{ fontFamily: mono, whiteSpace: 'pre-wrap', wordBreak: 'break-all' }}>{children}</span>
)

/** Read as a table by people who hear it too: each line has its head. */
export const Facts = ({ facts }: { facts: { label: string; value: ReactNode }[] }) => (
  <table width="100%" cellPadding={0} cellSpacing={0} border={0} className="line" style={styles.facts}>
    <tbody>
      {facts.map(({ label, value }) => (
        <tr key={label}>
          <th scope="row" align="left" className="label line ink2" style={{ ...styles.cell, ...styles.label }}>
            {label}
          </th>
          <td className="line ink" style={{ ...styles.cell, ...styles.value, paddingRight: 0 }}>
            {value}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** Text as its author typed it. */
export const BodyText = ({ children }: { children: ReactNode }) => (
  <Text className="ink" style={{ ...styles.lead, margin: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
    {children}
  </Text>
)
