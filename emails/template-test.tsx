import { z } from 'zod'
import type { Secret, SecretKind, SecretOf, Template } from './template'

/** Stand in for secrets, and open nothing. */
const sampleSecrets: Record<SecretKind, Secret> = {
  link: {
    link: {
      url: 'https://store.example.com/set-password#only-a-test',
      expiresAt: new Date('2026-11-27T15:34:59.999Z'),
    },
  },
  password: { password: 'only-a-test' },
  body: { body: 'Only a test.' },
  nothing: {},
}

/** What stands in for the secret that this data would need. */
export const sampleSecret = (template: Template<unknown, Secret>, data: unknown): Secret =>
  sampleSecrets[template.secret(data)]

/**
 * Another template with sample data, which staff send to themselves. A template of its own: to the worker it
 * carries no link, so that none is minted, and whoever sends it again sends a test again, never a mail that opens an account.
 */
export function templateTest(
  templates: Record<string, Template<unknown, Secret>>,
): Template<{ template: string; data: unknown }, SecretOf<'nothing'>> {
  const find = (name: string): Template<unknown, Secret> => {
    const template = templates[name]
    if (!template) throw new Error(`There is no template ${name}`)
    return template
  }
  const names = Object.keys(templates)
  const data = z
    .strictObject({ template: z.enum(names), data: z.record(z.string(), z.unknown()) })
    .superRefine((given, context) => {
      const parsed = find(given.template).data.safeParse(given.data)
      for (const issue of parsed.error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: ['data', ...issue.path], message: issue.message })
      }
    })
  return {
    data,
    secret: () => 'nothing',
    about: 'Shows staff how another mail looks where they read theirs.',
    sample: { template: 'plain', data: templates['plain']?.sample },
    subject: (given) => `[Test] ${find(given.template).subject(given.data)}`,
    Html: ({ data: given }) => {
      const template = find(given.template)
      return <template.Html data={given.data} secret={sampleSecret(template, given.data)} />
    },
    text: ({ data: given }) => {
      const template = find(given.template)
      return template.text({ data: given.data, secret: sampleSecret(template, given.data) })
    },
  }
}
