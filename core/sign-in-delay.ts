/**
 * Who guesses is made to wait: after so many failures each next one costs twice the wait of the one before, 15 min at most,
 * and what is left alone is forgiven bit by bit. Nobody is ever locked out for good.
 */
export const delayRules = {
  /** One account, whether it exists or not. */
  account: { failuresFree: 5, forgivesOneEverySeconds: 180 },
  /** Where from: a whole office may stand behind one address. */
  address: { failuresFree: 50, forgivesOneEverySeconds: 18 },
} as const

export const longestWaitSeconds = 900

/** How long to wait, for people. Rounded up: after it they may really try again. */
export function waitSentence(seconds: number): string {
  const [count, unit] = seconds < 100 ? [Math.max(1, seconds), 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `Too many attempts. Please try again in ${count} ${unit}${count === 1 ? '' : 's'}.`
}

/**
 * What counts as one place: an IPv4 address, or the /64 of an IPv6 address, all of which belongs to one line.
 * `2001:db8::1` is `2001:db8:0:0::/64`.
 */
export function placeOf(address: string): string {
  if (!address.includes(':')) return address
  const [left = '', right] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right ? right.split(':') : []
  const spoken = before.length + after.length + (address.includes('.') ? 1 : 0)
  const groups =
    right === undefined ? before : [...before, ...Array<string>(Math.max(0, 8 - spoken)).fill('0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
