import { addressChanged } from './address-changed'
import { passwordChanged } from './password-changed'
import { passwordReset } from './password-reset'
import { plain } from './plain'
import { secondFactorChanged } from './second-factor-changed'
import { staffAdded } from './staff-added'
import { templateTest } from './template-test'
import { welcome } from './welcome'

export type { Secret, Template } from './template'

/** The mails that staff can look at with sample data. */
const shown = {
  welcome,
  'password-reset': passwordReset,
  'address-changed': addressChanged,
  'password-changed': passwordChanged,
  'second-factor-changed': secondFactorChanged,
  'staff-added': staffAdded,
  plain,
}

export type ShownTemplate = keyof typeof shown
export const shownTemplates = Object.keys(shown) as ShownTemplate[]

/** Every mail we can send, by the name that the record carries. */
export const templates = { ...shown, 'template-test': templateTest(shown) }

export type TemplateName = keyof typeof templates

export const isTemplateName = (value: string): value is TemplateName => Object.hasOwn(templates, value)

/**
 * What the system tells people of by itself. Nobody can ask for one of these: what it says would not be true. Sent again, it
 * says what it said.
 */
const notices = [
  'address-changed',
  'password-changed',
  'second-factor-changed',
  'staff-added',
  'template-test',
] as const

export type Notice = (typeof notices)[number]

export const isNotice = (name: TemplateName): name is Notice => notices.some((notice) => notice === name)
