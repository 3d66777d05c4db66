/** Characters of a note, an emoji counted as one. */
export const longestNote = 2_000
