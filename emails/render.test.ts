import { describe, expect, test } from 'vitest'
import { hidden } from '@/core/message'
import { roleLabel, roles } from '@/core/roles'
import { isTemplateName, templates, type Secret, type TemplateName } from './registry'
import { maskedSecret, renderEmail, RenderError } from './render'

const link = { url: 'https://desk.example.com/set-password#t0ken', expiresAt: new Date('2026-11-24T15:34:59.999Z') }
const until = '24 November 2026, 15:34 UTC'
const unkind = `<script>alert(1)</script> & "Zoë" O'Neil 😀`
const person = templates.welcome.sample

type Case = { name: string; template: TemplateName; data: unknown; secret?: Secret }

const welcomes: Case[] = roles.flatMap((role) => [
  { name: `${role}, link`, template: 'welcome', data: { ...person, role, first_sign_in: 'link' }, secret: { link } },
  {
    name: `${role}, password`,
    template: 'welcome',
    data: { ...person, role, first_sign_in: 'password' },
    secret: { password: `p<&>"  ' wörd` },
  },
])
const cases: Case[] = [
  ...welcomes,
  {
    name: 'welcome, unkind name',
    template: 'welcome',
    data: { ...person, first_name: unkind, last_name: unkind },
    secret: { link },
  },
  { name: 'reset', template: 'password-reset', data: templates['password-reset'].sample, secret: { link } },
  {
    name: 'reset, unkind name',
    template: 'password-reset',
    data: { first_name: unkind, email: person.email },
    secret: { link },
  },
  { name: 'changed', template: 'password-changed', data: templates['password-changed'].sample },
  {
    name: 'changed, unkind name',
    template: 'password-changed',
    data: { ...templates['password-changed'].sample, first_name: unkind },
  },
  { name: 'address', template: 'address-changed', data: templates['address-changed'].sample },
  {
    name: 'address, unkind names',
    template: 'address-changed',
    data: { ...templates['address-changed'].sample, first_name: unkind, by: unkind },
  },
  {
    name: 'second factor, removed',
    template: 'second-factor-changed',
    data: templates['second-factor-changed'].sample,
  },
  {
    name: 'second factor, added, unkind names',
    template: 'second-factor-changed',
    data: { ...templates['second-factor-changed'].sample, what: 'added', first_name: unkind, by: unkind },
  },
  { name: 'added, created', template: 'staff-added', data: templates['staff-added'].sample },
  {
    name: 'added, promoted, unkind names',
    template: 'staff-added',
    data: { ...templates['staff-added'].sample, how: 'promoted', role: 'super_admin', name: unkind, by: unkind },
  },
  { name: 'plain', template: 'plain', data: templates.plain.sample },
  {
    name: 'test of a welcome',
    template: 'template-test',
    data: { template: 'welcome', data: { ...person, first_name: unkind } },
  },
  {
    name: 'test of a welcome with a password',
    template: 'template-test',
    data: { template: 'welcome', data: { ...person, first_sign_in: 'password' } },
  },
  {
    name: 'test of a notice',
    template: 'template-test',
    data: { template: 'staff-added', data: templates['staff-added'].sample },
  },
  { name: 'plain, sealed', template: 'plain', data: { body: hidden }, secret: { body: `Password: ${unkind}` } },
]

const decode = (html: string): string =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&')

/** The pieces of text that a reader of the HTML sees, or hears before opening the mail. */
const pieces = (html: string): string[] =>
  html
    .replace(/^.*<\/head>/s, '')
    .replace(/<!--.*?-->/gs, '')
    .split(/<[^>]+>/)
    .map(decode)
    .filter((piece) => /[^\s\u00a0\u200b-\u200d\ufeff]/.test(piece))

const onlyInHtml = ['✓', 'Usual Store', 'If the button does not work, open this address:']
/** In the text a label ends with a colon, in the HTML it has a cell of its own; a link stands apart from its full stop. */
const squeezed = (text: string): string =>
  text
    .replace(/:?\s+|:$/g, ' ')
    .replaceAll(' .', '.')
    .trim()

describe('both parts of a mail', () => {
  test.each(cases)('say the same facts: $name', ({ template, data, secret }) => {
    const { html, text } = renderEmail({ template, data, secret })
    const seen = pieces(html)
    const inText = squeezed(text)
    for (const piece of seen.filter((piece) => !onlyInHtml.includes(piece))) expect(inText).toContain(squeezed(piece))
    const inHtml = squeezed(seen.join(' '))
    const lines = text.split('\n').filter((line) => line.trim() !== '' && line !== '-- ')
    for (const line of lines) expect(inHtml).toContain(squeezed(line))
  })

  test.each(cases)('the HTML escapes and the text does not: $name', ({ template, data, secret }) => {
    const { html, text } = renderEmail({ template, data, secret })
    expect(html).not.toContain('<script')
    expect(text).not.toMatch(/&(amp|lt|gt|quot|#x27);/)
  })

  test('keep a name with markup, quotes, umlauts and emoji as it was typed', () => {
    const { html, text } = renderEmail({
      template: 'welcome',
      data: { ...person, first_name: unkind },
      secret: { link },
    })
    expect(text).toContain(`Welcome, ${unkind}\n`)
    expect(pieces(html)).toContain(`Welcome, ${unkind}`)
  })
})

test.each(cases)(
  'no word is so long that it makes the mail wider than its window: $name',
  ({ template, data, secret }) => {
    const { html } = renderEmail({ template, data, secret })
    const texts = [...html.matchAll(/<(?:p|h1|td)\b[^>]*class="[^"]*(?:ink|ink2|why)\b[^"]*"[^>]*>/g)].map(
      ([tag]) => tag,
    )
    const breaking = texts.filter((tag) => /overflow-wrap:\s*anywhere/.test(tag))
    // All but the line with our own name.
    expect(texts.length - breaking.length).toBe(1)
    expect(breaking.length).toBeGreaterThan(0)
  },
)

describe('the welcome mail', () => {
  test.each(roles)('with a link tells a %s the role, the link in full, its end, and where to sign in', (role) => {
    const data = { ...person, role, first_sign_in: 'link' } as const
    const { html, text } = renderEmail({ template: 'welcome', data, secret: { link } })
    for (const part of [pieces(html).join('\n'), text]) {
      for (const fact of [roleLabel(role), link.url, `This link works once, until ${until}.`, person.email]) {
        expect(part).toContain(fact)
      }
      expect(part).toContain(person.login_url)
    }
    expect(html.split(`href="${link.url}"`)).toHaveLength(3)
    expect(templates.welcome.subject(data)).toBe(`Welcome to Usual Store - Your ${roleLabel(role)} Account`)
  })

  test.each(roles)(
    'with a password tells a %s address, password, login address, and that it must be changed',
    (role) => {
      const data = { ...person, role, first_sign_in: 'password' }
      const { html, text } = renderEmail({ template: 'welcome', data, secret: { password: 'Il1O0 <&>  z' } })
      for (const part of [pieces(html).join('\n'), text]) {
        for (const fact of [person.email, 'Il1O0 <&>  z', person.login_url, 'must be changed at your first sign-in']) {
          expect(part).toContain(fact)
        }
        expect(part).not.toContain('Choose your password')
      }
      expect(html).toContain(`href="${person.login_url}"`)
    },
  )

  test('is worded differently for every role', () => {
    const texts = roles.map(
      (role) => renderEmail({ template: 'welcome', data: { ...person, role }, secret: { link } }).text,
    )
    expect(new Set(texts.map((text) => text.match(/^You can: .*$/m)?.[0])).size).toBe(roles.length)
    expect(texts.map((text) => text.includes('Store: ')).filter(Boolean)).toHaveLength(1)
  })
})

test('the reset mail says that the link lives 60 minutes, until when, and that it can be ignored', () => {
  const { html, text } = renderEmail({
    template: 'password-reset',
    data: { first_name: 'Ann', email: 'a@example.com' },
    secret: { link },
  })
  for (const part of [pieces(html).join('\n'), text]) {
    for (const fact of ['60 minutes', until, link.url, 'you can ignore this mail']) expect(part).toContain(fact)
  }
})

test('the notice of a changed password says when, and where to ask for another', () => {
  const { html, text } = renderEmail({ template: 'password-changed', data: templates['password-changed'].sample })
  for (const part of [pieces(html).join('\n'), text]) {
    for (const fact of [until, 'olena.sample@example.com', 'https://desk.example.com/support/forgot-password']) {
      expect(part).toContain(fact)
    }
  }
})

test('the notice to an old address says by whom and when it was changed, and whom to tell', () => {
  const data = templates['address-changed'].sample
  const { html, text } = renderEmail({ template: 'address-changed', data })
  for (const part of [pieces(html).join('\n'), text]) {
    for (const fact of ['by Maya Sample', until, `no longer ${data.email}`, 'tell support at once']) {
      expect(part).toContain(fact)
    }
  }
  expect(renderEmail({ template: 'address-changed', data: { ...data, by: null } }).text).not.toContain(' by ')
})

test('the notice of a second factor says what happened to it, by whom, when, and where to choose another password', () => {
  const data = templates['second-factor-changed'].sample
  for (const [what, facts] of [
    ['added', ['An authenticator app was added', 'signing in asks for a code of it']],
    ['removed', ['Your authenticator app was removed', 'signing in asks for no code']],
  ] as const) {
    const { html, text } = renderEmail({ template: 'second-factor-changed', data: { ...data, what } })
    for (const part of [pieces(html).join('\n'), text]) {
      for (const fact of [...facts, data.email, 'by Maya Sample', until, data.forgot_url]) expect(part).toContain(fact)
    }
  }
  const own = renderEmail({ template: 'second-factor-changed', data: { ...data, by: null } })
  expect(own.text).not.toContain(' by ')
})

test('the notice of new staff says who, which role, by whom and when', () => {
  const data = templates['staff-added'].sample
  for (const [how, role] of [
    ['created', 'admin'],
    ['promoted', 'super_admin'],
  ] as const) {
    const { html, text } = renderEmail({ template: 'staff-added', data: { ...data, how, role } })
    for (const part of [pieces(html).join('\n'), text]) {
      for (const fact of ['Noor Sample', 'noor.sample@example.com', roleLabel(role), 'Maya Sample', until]) {
        expect(part).toContain(fact)
      }
    }
  }
})

const plain = (body: string) => renderEmail({ template: 'plain', data: { body } })

describe('the plain mail', () => {
  test('keeps lines, spaces and every character', () => {
    const body = '  Total:\t10 €\r\n\r\nLine <b>two</b>\n  indented'
    const { html, text } = plain(body)
    expect(text).toBe(body)
    expect(html).toContain('  Total:\t10 €<br/><br/>Line &lt;b&gt;two&lt;/b&gt;<br/>  indented')
    expect(html).toContain('white-space:pre-wrap')
  })

  test('makes web addresses into links, without the punctuation around them', () => {
    const { html } = plain('See (https://a.example.com/x?a=1&b="2"), http://b.example.com. Or HTTPS://C.example.com/!')
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map((match) => decode(match[1] ?? ''))
    expect(hrefs).toEqual(['https://a.example.com/x?a=1&b=', 'http://b.example.com', 'HTTPS://C.example.com/'])
  })

  test.each(['javascript:alert(1)', 'data:text/html,x', 'https://', 'http://.', 'ftp://a.example.com', 'ahttp:/x'])(
    'leaves %s as text',
    (body) => {
      const { html } = plain(body)
      expect(html).not.toContain('href')
      expect(html).toContain(body)
    },
  )

  test('takes a body of nothing but punctuation after an address in its stride', () => {
    const { html } = plain(`https://a.example.com${'.'.repeat(200_000)} ${'http://'.repeat(10_000)}`)
    expect(html).toContain('href="https://a.example.com"')
  })

  test('shows a sealed body in place of its placeholder, and is never sent without it', () => {
    const { html, text } = renderEmail({ template: 'plain', data: { body: hidden }, secret: { body: 'Password: x' } })
    expect(text).toBe('Password: x')
    expect(html).not.toContain(hidden)
    expect(() => plain(hidden)).toThrow('needs its sealed body')
  })

  test('never cuts a character in two in what the inbox shows', () => {
    expect(plain('x' + '😀'.repeat(200)).html).not.toMatch(/\p{Surrogate}/u)
  })
})

describe('a mail that cannot be made', () => {
  const refused: [string, Case, string][] = [
    ['an unknown field', { name: '', template: 'plain', data: { body: 'x', html: '<b>' } }, 'html'],
    [
      'a missing field',
      { name: '', template: 'password-reset', data: { email: 'a@example.com' }, secret: { link } },
      'first_name',
    ],
    ['no object', { name: '', template: 'plain', data: null }, 'the whole'],
    ['an unknown role', { name: '', template: 'welcome', data: { ...person, role: 'root' }, secret: { link } }, 'role'],
    [
      'a script as login address',
      { name: '', template: 'welcome', data: { ...person, login_url: 'javascript:alert(1)' }, secret: { link } },
      'login_url',
    ],
    [
      'two addresses',
      { name: '', template: 'welcome', data: { ...person, email: 'a@example.com, b@example.com' }, secret: { link } },
      'email',
    ],
    ['no secret', { name: '', template: 'welcome', data: person }, 'needs a one-time link'],
    [
      'another secret',
      { name: '', template: 'welcome', data: person, secret: { password: 's3cret' } },
      'needs a one-time link',
    ],
    [
      'an empty password',
      { name: '', template: 'welcome', data: { ...person, first_sign_in: 'password' }, secret: { password: '' } },
      'needs the first password',
    ],
    [
      'a script as link',
      { name: '', template: 'welcome', data: person, secret: { link: { ...link, url: 'javascript:alert(1)' } } },
      'link.url',
    ],
    [
      'a secret too many',
      { name: '', template: 'plain', data: { body: 'x' }, secret: { body: 's3cret' } },
      'needs no secret',
    ],
  ]
  test.each(refused)('is refused with the reason: %s', (_, { template, data, secret }, reason) => {
    const attempt = () => renderEmail({ template, data, secret })
    expect(attempt).toThrow(RenderError)
    expect(attempt).toThrow(reason)
    expect(attempt).not.toThrow('s3cret')
  })
})

describe('a preview', () => {
  const previews = [...welcomes, ...cases.filter(({ template }) => template !== 'welcome')]
  test.each(previews)('stands in for every secret: $name', ({ template, data, secret }) => {
    const { html, text } = renderEmail({ template, data, secret: maskedSecret(template, data) })
    for (const part of [html, text]) {
      expect(part.includes(hidden)).toBe(secret !== undefined)
      expect(part).not.toContain(link.url)
    }
    expect(html).not.toContain(`href="${hidden}"`)
  })
})

describe('the HTML of every template', () => {
  test.each(cases)(
    'has a language, one title, no remote part, and tables that are not read as tables: $name',
    (one) => {
      const { html } = renderEmail(one)
      expect(html).toMatch(/^<!DOCTYPE html [^>]+><html dir="ltr" lang="en">/)
      expect(html.split('<title>')).toHaveLength(2)
      expect(html).not.toMatch(/<(img|link|iframe|object|form)\b|src=|url\(|@import/)
      for (const [table] of html.matchAll(/<table[^>]*>(?:<tbody><tr><th)?/g))
        expect(table).toMatch(/role="presentation"|<th$/)
    },
  )
})

test('only our own templates are template names', () => {
  expect(Object.keys(templates).every(isTemplateName)).toBe(true)
  for (const other of ['toString', '__proto__', 'Welcome', '']) expect(isTemplateName(other)).toBe(false)
})

const tested = (data: object) =>
  renderEmail({ template: 'template-test', data: { template: 'welcome', data: { ...person, ...data } } }).text

test('a test of a template carries what opens nothing, and refuses what does not fit that template', () => {
  expect(tested({ first_sign_in: 'link' })).toContain('https://store.example.com/set-password#only-a-test')
  expect(tested({ first_sign_in: 'password' })).toContain('Password: only-a-test\n')
  expect(() => tested({ role: 'owner' })).toThrow('data.role')
  expect(() => renderEmail({ template: 'template-test', data: { template: 'template-test', data: {} } })).toThrow(
    'template: ',
  )
})
