import { roles } from './roles'

type Person = { firstName: string; lastName: string; email: string }

/** What anybody would try first here. */
const ours = [
  'usualstore',
  'usual',
  'store',
  'superadministrator',
  'administrator',
  'supportagent',
  'support',
  'superadmin',
  'agent',
  ...roles,
]

const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

/** Words that say nothing secret in a password of this person: ours, their name, and the parts of their address. */
export function knownWords({ firstName, lastName, email }: Person): string[] {
  const own = [firstName, lastName, ...email.split(/[@.+_-]/), email.split('@')[0] ?? '']
  const words = own.flatMap((word) => [plain(word), ...plain(word).split(/[^\p{L}\p{N}]+/u)])
  return [...new Set([...ours, ...words])]
    .filter((word) => word.length >= 3)
    .toSorted((one, other) => other.length - one.length)
}

const signs: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
const withLetters = (text: string): string => text.replace(/[013457@$!]/g, (sign) => signs[sign] ?? sign)

/** What a guesser still has to find when these words are known. */
function restOf(password: string, words: readonly string[]): { hasWord: boolean; rest: string } {
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), password)
  return { hasWord: rest !== password, rest: rest.replace(/[\s\p{P}\p{S}]/gu, '') }
}

/**
 * Whether a password is little more than such words: `UsualStore2026!`, `4dm1n-99`. Words of them in a long password do no harm.
 */
export function isMostlyKnown(password: string, words: readonly string[]): boolean {
  const asTyped = plain(password)
  return [asTyped, withLetters(asTyped)].some((form) => {
    const { hasWord, rest } = restOf(form, words)
    const letters = rest.replace(/[^\p{L}]/gu, '').length
    return hasWord && rest.length < 8 && letters < 4
  })
}
