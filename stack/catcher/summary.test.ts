import { describe, expect, it } from 'vitest'
import { summarise } from './summary'

const mail = (...lines: string[]) => Buffer.from(lines.join('\r\n'))

const multipart = (encoding: string, text: string) =>
  mail(
    'Content-Type: multipart/alternative; boundary="b=1"',
    '',
    'preamble',
    '--b=1',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    text,
    '--b=1',
    'Content-Type: text/html',
    '',
    '<p>other</p>',
    '--b=1--',
    '',
  )

describe('the summary of a mail', () => {
  it('decodes encoded words, also where one character set follows another', () => {
    const { subject, from } = summarise(
      mail(
        'From: =?utf-8?Q?Zo=C3=AB?= <zoe@example.com>',
        'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
        ' =?iso-8859-1?q?_f=FCr?= you',
        '',
        '',
      ),
    )
    expect(subject).toBe('Grüße für you')
    expect(from).toEqual({ Name: 'Zoë', Address: 'zoe@example.com' })
  })

  it('takes the snippet from the text part, however it is encoded', () => {
    expect(summarise(multipart('base64', Buffer.from('Grüße\n an alle').toString('base64'))).snippet).toBe(
      'Grüße an alle',
    )
    expect(summarise(multipart('quoted-printable', 'Gr=C3=BC=\r\n=C3=9Fe')).snippet).toBe('Grüße')
    expect(summarise(multipart('8bit', 'Grüße')).snippet).toBe('Grüße')
  })

  it('falls back to the HTML, without its tags and style', () => {
    const html = '<head><style>p { color: red }</style></head><p>Fish &amp; chips</p><p>now</p>'
    expect(summarise(mail('Content-Type: text/html', '', html)).snippet).toBe('Fish & chips now')
  })

  it('counts the attachments of nested parts', () => {
    const { attachments, snippet } = summarise(
      mail(
        'Content-Type: multipart/mixed; boundary=outer',
        '',
        '--outer',
        'Content-Type: multipart/alternative; boundary=outer2',
        '',
        '--outer2',
        '',
        'hello',
        '--outer2--',
        '--outer',
        'Content-Type: application/pdf',
        '',
        'x',
        '--outer',
        'Content-Type: text/plain',
        'Content-Disposition: attachment; filename=a.txt',
        '',
        'y',
        '--outer--',
      ),
    )
    expect(attachments).toBe(2)
    expect(snippet).toBe('hello')
  })

  it.each(['', 'no header at all', '\r\n\r\n', 'Content-Type: multipart/mixed; boundary=x\r\n\r\nno part'])(
    'takes %j for an empty mail instead of failing',
    (raw) => expect(summarise(Buffer.from(raw))).toMatchObject({ subject: '', from: null, to: [] }),
  )

  it('survives an unknown character set', () => {
    expect(summarise(mail('Content-Type: text/plain; charset=nobody-knows', '', 'plain words')).snippet).toBe(
      'plain words',
    )
  })
})
