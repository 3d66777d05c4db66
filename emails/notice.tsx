import { Action, InFull, Layout, Lead, Note, Title } from './layout'

/** Everything that a notice says, once, for both of its parts. */
export type NoticeWords = {
  title: string
  lead: string
  /** What whoever did not do it can do at once; absent: only tell support. */
  action?: { label: string; url: string }
  note: string
  /** Why they get this mail. */
  why: string
}

export function NoticeHtml({ subject, words }: { subject: string; words: NoticeWords }) {
  const { title, lead, action, note, why } = words
  return (
    <Layout title={subject} preview={lead} why={why}>
      <Title>{title}</Title>
      <Lead>{lead}</Lead>
      {action ? <Action url={action.url}>{action.label}</Action> : null}
      <Note>{note}</Note>
      {action ? <InFull url={action.url} /> : null}
    </Layout>
  )
}

export function noticeText({ title, lead, action, note, why }: NoticeWords): string {
  const paragraphs = [title, lead, ...(action ? [`${action.label}:\n${action.url}`] : []), note]
  return [...paragraphs, `-- \nUsual Store\n${why}`].join('\n\n')
}
