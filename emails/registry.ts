import { passwordChanged } from './password-changed'
import { passwordReset } from './password-reset'
import { plain } from './plain'
import { staffAdded } from './staff-added'
import { welcome } from './welcome'

export type { Secret, Template } from './template'

/** Every mail we can send, by the name that the record carries. */
export const templates = {
  welcome,
  'password-reset': passwordReset,
  'password-changed': passwordChanged,
  'staff-added': staffAdded,
  plain,
}

export type TemplateName = keyof typeof templates

export const isTemplateName = (value: string): value is TemplateName => Object.hasOwn(templates, value)

/** What the system tells people of by itself. Nobody can ask for one of these: what it says would not be true. */
export type Notice = 'password-changed' | 'staff-added'

export const isNotice = (name: TemplateName): name is Notice => name === 'password-changed' || name === 'staff-added'
