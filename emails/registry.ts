import { passwordReset } from './password-reset'
import { plain } from './plain'
import { welcome } from './welcome'

export type { Secret, Template } from './template'

/** Every mail we can send, by the name that the record carries. */
export const templates = { welcome, 'password-reset': passwordReset, plain }

export type TemplateName = keyof typeof templates

export const isTemplateName = (value: string): value is TemplateName => Object.hasOwn(templates, value)
