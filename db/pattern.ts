/** In a pattern, `%` and `_` stand for themselves. */
export const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`)

export const containing = (text: string): string => `%${literally(text)}%`

/** Whether the trigram index is of use: it knows three letters or digits in a row. */
export const hasTrigram = (text: string | undefined): boolean => /[\p{L}\p{N}]{3}/u.test(text ?? '')
