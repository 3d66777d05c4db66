import { hidden } from './message'

/** Names of what is for the reader of a mail alone, wherever in a name they stand. */
const names =
  'passw|passcode|passphrase|passwort|kennwort|pwd|пароль|token|secret|credential|authorization|link|url|href|body|text|html|code|otp'

/** A quote, itself quoted any number of times: JSON stands in JSON. */
const quote = '\\\\*["\']'
const blank = '[\\s\uFFFD]{0,40}'

/**
 * The name, what leads to its value, and the value: a text until its own quote comes again, else a list or an object, and all that
 * follows it, else a number, or bare words to the end of their line. What is cut off in the middle ends with the text.
 */
const told = new RegExp(
  `((?:${quote})?[\\w-]{0,40}(?:${names})[\\w-]{0,40}(?:${quote})?${blank}[:=]${blank})` +
    `(?:(?<open>${quote})[^]*?(?:(?<!\\\\)\\k<open>|$)|[[{][^]*|(?:-?\\d[\\d.eE+-]*|true|false|null)(?=[\\s,}\\]])|[^\uFFFD]+)`,
  'giu',
)

/**
 * A text in which the values of all that may be secret are hidden. It need not be whole, nor JSON at all: rather too much is
 * hidden than too little.
 */
export const hideSecrets = (text: string): string =>
  text.replace(told, (_all, name: string, open: string | undefined) => `${name}${open ?? ''}${hidden}${open ?? ''}`)
