import type { Address } from './summary'
import type { ListedMail } from './store'

interface Term {
  field: 'to' | 'from' | 'subject' | 'message-id' | 'any'
  words: string
  exclude: boolean
}

/**
 * Mailpit's language, the part that is of use here: `to:"x@y"`, `from:`, `subject:`, `message-id:` and free words, all of which
 * have to match; `-` before one excludes. Free words are looked for in addresses, subject, Message-ID and the snippet.
 */
export function parseQuery(query: string): Term[] {
  const pattern = /([-!]?)(?:(to|from|subject|message-id):)?(?:"([^"]*)"|(\S+))/gi
  return [...query.matchAll(pattern)]
    .map(([, minus, field, quoted, plain]) => ({
      field: (field?.toLowerCase() ?? 'any') as Term['field'],
      words: (quoted ?? plain ?? '').toLowerCase(),
      exclude: minus !== '',
    }))
    .filter((term) => term.words !== '')
}

/** `to:` also finds who was only in the envelope. */
export function matches(mail: ListedMail, terms: Term[]): boolean {
  return terms.every(({ field, words, exclude }) => textOf(mail, field).toLowerCase().includes(words) !== exclude)
}

function textOf(mail: ListedMail, field: Term['field']): string {
  const { summary } = mail
  switch (field) {
    case 'to':
      return `${mail.to.join(' ')} ${addressText(summary.to)}`
    case 'from':
      return `${mail.from} ${addressText(summary.from ? [summary.from] : [])}`
    case 'subject':
      return summary.subject
    case 'message-id':
      return `<${summary.messageId}>`
    case 'any':
      return [
        textOf(mail, 'to'),
        textOf(mail, 'from'),
        addressText(summary.cc),
        summary.subject,
        summary.messageId,
        summary.snippet,
      ].join(' ')
    default:
      return field satisfies never
  }
}

const addressText = (addresses: Address[]) => addresses.map(({ Name, Address }) => `${Name} ${Address}`).join(' ')
