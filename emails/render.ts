import { createElement } from 'react'
import type { z } from 'zod'
import { hidden, type HiddenPart } from '@/core/message'
import { isTemplateName, templates, type Secret, type Template, type TemplateName } from './registry'
import { secretSchemas, type SecretKind } from './template'

// Not a static import: Next refuses that one wherever a page or route can reach it, though it runs there (previews).
const { renderToStaticMarkup } = await import('react-dom/server')

/** The one that react-email's own `render` writes: with it, mail clients keep to standards mode. */
const doctype =
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'

/** The mail cannot be made from what it was given. No later try can help. */
export class RenderError extends Error {
  override name = 'RenderError'
}

const needs: Record<SecretKind, string> = {
  link: 'a one-time link',
  password: 'the first password',
  body: 'its sealed body',
  nothing: 'no secret',
}

/** Names only where and what is wrong, never the value: the value may be the secret. */
const faults = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`).join('; ')

function checked(name: TemplateName, data: unknown) {
  // Each template's own types end here: from the outside they all are one.
  const template: Template<unknown, Secret> = templates[name]
  const parsed = template.data.safeParse(data)
  if (!parsed.success) throw new RenderError(`The data does not fit the template "${name}": ${faults(parsed.error)}.`)
  return { template, data: parsed.data, kind: template.secret(parsed.data) }
}

/**
 * Makes both parts of a mail. Synchronous, one static pass: no template may suspend.
 * @throws RenderError when the data does not fit, or the secret is missing or another one
 */
export function renderEmail(input: { template: TemplateName; data: unknown; secret?: Secret }): {
  html: string
  text: string
} {
  const { template, data, kind } = checked(input.template, input.data)
  const secret = secretSchemas[kind].safeParse(input.secret ?? {})
  if (!secret.success) {
    throw new RenderError(`The template "${input.template}" needs ${needs[kind]} here: ${faults(secret.error)}.`)
  }
  const props = { data, secret: secret.data }
  return { html: doctype + renderToStaticMarkup(createElement(template.Html, props)), text: template.text(props) }
}

/** Stands in for the secret when people look at a mail: the preview says so there. */
export function maskedSecret(name: TemplateName, data: unknown): Secret {
  const { kind } = checked(name, data)
  switch (kind) {
    case 'link':
      return { link: { url: hidden, expiresAt: hidden } }
    case 'password':
      return { password: hidden }
    case 'body':
      return { body: hidden }
    case 'nothing':
      return {}
    default:
      return kind satisfies never
  }
}

/** What of a mail `maskedSecret` stands in for; null: nothing, or nobody here can make this mail. */
export function hiddenPart(name: string, data: unknown): HiddenPart | null {
  if (!isTemplateName(name)) return null
  const template: Template<unknown, Secret> = templates[name]
  const parsed = template.data.safeParse(data)
  const kind = parsed.success ? template.secret(parsed.data) : 'nothing'
  return kind === 'nothing' ? null : kind
}
