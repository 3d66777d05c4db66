/** Why a Kafka record was kept aside, and what that means in a sentence. */
const deadRecordSentences = {
  empty: 'It has no content.',
  unreadable: 'It cannot be read as a mail.',
  too_large: 'It is larger than 256 KiB.',
  newer_version: 'It was written by a newer version of this service.',
  bad_signature: 'It carries a signature that is not ours, or was altered afterwards.',
  no_row: 'It carries our signature, but there is no such message.',
  unsigned: 'It carries no signature, and mail of other services is not taken in here.',
  too_old: 'It is older than 72 hours.',
  bad_address: 'It is not addressed to one complete mail address.',
  id_taken: 'Its id belongs to another mail already: one to another address, or with another subject.',
  no_text: 'It has no text that could be sent.',
} as const

export type DeadRecordReason = keyof typeof deadRecordSentences

/** The sentence of a stored reason; an older or newer version may have written one that we do not know. */
export const deadRecordSentence = (reason: string): string =>
  Object.hasOwn(deadRecordSentences, reason)
    ? deadRecordSentences[reason as DeadRecordReason]
    : 'It was kept aside for a reason that this version does not know.'
