import type { CSSProperties, ReactNode } from 'react'
import { Body, Button, Column, Container, Head, Heading, Html, Link, Preview, Row, Section } from 'react-email'
import { hidden } from '@/core/message'

const family = 'Inter, -apple-system, BlinkMacSystemFont, Segoe UI, Roboto, Helvetica, Arial, sans-serif'
const mono = 'ui-monospace, SFMono-Regular, Menlo, Consolas, Liberation Mono, monospace'

/** The light values of the design, inline because many mail clients read nothing else. */
const color = {
  canvas: '#F6F5F2',
  card: '#FFFFFF',
  line: '#E7E5E0',
  ink: '#1A1917',
  ink2: '#56534D',
  action: '#1F1E1B',
  onAction: '#FFFFFF',
}

/**
 * What inline styles cannot say: the dark scheme and the narrow screen. A client that drops this shows the light mail,
 * fluid, with the wide paddings.
 */
const css = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){
.page{padding:24px 12px 28px!important}
.card-body{padding:27px 22px 25px!important}
.why{margin:18px 10px 0!important}
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

// Every style is made once, and says as much as it can in one property: writing them out is most of what a mail costs.
// For the same reason text stands in a plain <p>: react-email's Text adds seven properties that we would all override.
const font = (px: number, line: number, weight = 400): string => `${weight} ${px}px/${line}px ${family}`
const edge = `1px solid ${color.line}`

/** A name may be one long word: without this it makes the mail wider than the window. */
const anyLength = { overflowWrap: 'anywhere' } as const

const note = { font: font(14, 22), color: color.ink2, margin: '13px 0 0', ...anyLength }
const lead = { font: font(16, 25), color: color.ink, margin: '0 0 24px', ...anyLength }
const cell = { font: font(15, 22), letterSpacing: '-0.006em', borderTop: edge }

const styles = {
  canvas: { margin: 0, padding: 0, backgroundColor: color.canvas },
  page: { maxWidth: 600, padding: '32px 20px' },
  brand: { width: 'auto', margin: '0 0 22px 4px' },
  mark: {
    width: 24,
    borderRadius: 6,
    backgroundColor: color.action,
    color: color.onAction,
    font: font(16, 20, 700),
    textAlign: 'center',
  },
  name: { font: font(16, 20, 600), letterSpacing: '-0.006em', color: color.ink, paddingLeft: 12 },
  card: {
    backgroundColor: color.card,
    border: edge,
    borderRadius: 14,
    borderCollapse: 'separate',
    padding: '40px 48px 36px',
  },
  title: { font: font(24, 32, 600), letterSpacing: '-0.017em', color: color.ink, margin: '0 0 12px', ...anyLength },
  lead,
  action: {
    font: font(16, 20, 600),
    backgroundColor: color.action,
    color: color.onAction,
    borderRadius: 8,
    padding: '15px 22px 14px',
  },
  note,
  inFull: { ...note, margin: '22px 0 0' },
  facts: { marginTop: 27, borderBottom: edge, borderCollapse: 'separate' },
  label: { ...cell, color: color.ink2, width: 112, verticalAlign: 'top', padding: '9px 8px 9px 0' },
  value: { ...cell, color: color.ink, padding: '9px 0', ...anyLength },
  exact: { fontFamily: mono, whiteSpace: 'pre-wrap', wordBreak: 'break-all' },
  address: { color: 'inherit', textDecoration: 'underline', wordBreak: 'break-all' },
  why: { font: font(13, 20), color: color.ink2, margin: '20px 20px 0', ...anyLength },
  body: { ...lead, margin: 0, whiteSpace: 'pre-wrap' },
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
        <Container style={styles.page} tdClassName="page">
          <Row align={undefined} width={undefined} style={styles.brand}>
            <Column className="mark" style={styles.mark} aria-hidden="true">
              ✓
            </Column>
            <Column className="ink" style={styles.name}>
              Usual Store
            </Column>
          </Row>
          <Section className="card" style={styles.card} tdClassName="card-body">
            {props.children}
          </Section>
          {props.why && (
            <p className="why ink2" style={styles.why}>
              {props.why}
            </p>
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
  <p className="ink" style={styles.lead}>
    {children}
  </p>
)

/** The one thing to do. Without an address to follow (`hidden`) it only looks like it. */
export const Action = ({ url, children }: { url: string; children: ReactNode }) => (
  <Button className="action" href={url === hidden ? undefined : url} style={styles.action}>
    {children}
  </Button>
)

export const Note = ({ children }: { children: ReactNode }) => (
  <p className="ink2" style={styles.note}>
    {children}
  </p>
)

/** The address in full, for readers whose client shows no button. */
export const InFull = ({ url }: { url: string }) => (
  <p className="ink2" style={styles.inFull}>
    If the button does not work, open this address:
    <br />
    <WebLink url={url} />
  </p>
)

export const WebLink = ({ url }: { url: string }) => (
  <Link href={url === hidden ? undefined : url} style={styles.address}>
    {url}
  </Link>
)

/** What has to be copied exactly: every character told apart, no space lost. */
export const Exact = ({ children }: { children: string }) => <span style={styles.exact}>{children}</span>

/** Read as a table by people who hear it too: each line has its head. */
export const Facts = ({ facts }: { facts: { label: string; value: ReactNode }[] }) => (
  <table width="100%" cellPadding={0} cellSpacing={0} border={0} className="line" style={styles.facts}>
    <tbody>
      {facts.map(({ label, value }) => (
        <tr key={label}>
          <th scope="row" align="left" className="label line ink2" style={styles.label}>
            {label}
          </th>
          <td className="line ink" style={styles.value}>
            {value}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** Text as its author typed it. */
export const BodyText = ({ children }: { children: ReactNode }) => (
  <p className="ink" style={styles.body}>
    {children}
  </p>
)
