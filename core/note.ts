/** Characters of a note, an emoji counted as one. */
export const longestNote = 2_000

/** As many stand on a person's page, the newest. */
export const mostNotes = 100
