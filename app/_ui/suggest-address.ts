import speller from '@zootools/email-spell-checker'
import { isAddress } from '@/core/address'

/** What was probably meant, as `gmail.com` by `gmial.com`; null when nothing looks mistyped. It only ever suggests. */
export function suggestAddress(address: string): string | null {
  if (!isAddress(address)) return null
  // The library would take the n for one too many.
  if (/\.con$/i.test(address)) return `${address.slice(0, -1)}m`
  return speller.run({ email: address })?.full ?? null
}
