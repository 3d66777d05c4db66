/**
 * Every action that the audit knows, in the words in which people read it: "Maya Example · created the account · Noor
 * Example". An action is added here first; `db/audit.ts` writes no other.
 */
const auditWords = {
  'user.created': 'Created the account',
  'user.deleted': 'Deleted the account',
  'user.invited': 'Sent the invitation again',
  'user.edited': 'Changed the account',
  'user.link_opened': 'Opened the link in a mail',
  'user.password_set': 'Chose a new password',
  'user.password_forgotten': 'Asked for a new password at the sign-in page',
  'note.added': 'Wrote a note',
  'note.removed': 'Removed a note',
  'message.queued': 'Asked for a mail',
  'message.cancelled': 'Cancelled a mail',
  'message.resent': 'Sent a mail again',
  'message.retried': 'Put a mail back to be tried again',
  'message.released': 'Released a held mail',
  'template.tested': 'Sent themselves a test of a template',
  'key.created': 'Made an API key',
  'key.revoked': 'Revoked an API key',
  'suppression.added': 'Put an address on the suppression list',
  'suppression.removed': 'Took an address off the suppression list',
  'sign_in.accepted': 'Signed in',
  'sign_in.refused': 'Was refused at the sign-in',
  sign_out: 'Signed out',
  'session.ended': 'Ended sessions of their own',
  'user.signed_out': 'Signed the account out everywhere',
  'second_factor.added': 'Added a second factor',
  'second_factor.removed': 'Removed a second factor',
  'second_factor.recovery_code_used': 'Signed in with a recovery code',
  'settings.changed': 'Changed the settings',
  'super_admin.made': 'Made a Super Administrator',
} as const satisfies Record<string, string>

export type AuditAction = keyof typeof auditWords
export const auditActions = Object.keys(auditWords) as AuditAction[]

const isKnown = (action: string): action is AuditAction => Object.hasOwn(auditWords, action)

/** A row may be older or younger than this program: an action that it does not know is shown by its name. */
export const auditWord = (action: string): string => (isKnown(action) ? auditWords[action] : action)

/** Who did it, where no name was written down. */
export function auditActorWord(actor: string): string {
  if (actor === 'nobody') return 'Nobody who was signed in'
  if (actor === 'system') return 'The system itself'
  return actor
}
