/**
 * Where a request came from. What a caller writes into X-Forwarded-For proves nothing: only the entries that our own proxies
 * added count, and those stand at its end.
 *
 * @param peer the address at the other end of the connection
 * @param forwardedFor X-Forwarded-For as it came
 * @param hops how many proxies of ours stand in front (`TRUSTED_PROXIES`)
 */
export function clientAddress(peer: string, forwardedFor: string | null, hops: number): string {
  const named = (forwardedFor ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  // Each proxy appends whom it was called by, so the nth from the end is the first that a proxy of ours saw.
  const claimed = hops === 0 ? undefined : (named.at(-hops) ?? named[0])
  return plain(claimed !== undefined && isAddress(claimed) ? claimed : peer)
}

/** `::ffff:192.0.2.1` is 192.0.2.1 on a socket that speaks both. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

const isAddress = (text: string) => /^[\da-f.:]{2,45}$/i.test(text) && /[.:]/.test(text)
