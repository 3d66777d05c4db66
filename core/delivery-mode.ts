import { isAddress, sameAddressKey } from './address'

/** To whom mail may go: of an API key, and of the whole installation. */
export const deliveryModes = ['live', 'guest_list', 'test'] as const
export type DeliveryMode = (typeof deliveryModes)[number]

/** @property guestList addresses, or whole domains as `@example.com` */
export type DeliveryRule = { mode: DeliveryMode; guestList: readonly string[] }

/** An address, or every one of a domain as `@example.com`. */
export const isGuestEntry = (entry: string): boolean => isAddress(entry.startsWith('@') ? `anybody${entry}` : entry)

/** What becomes of one mail, the stricter the later: sent; held until staff release it; or pretended, and never handed to a mail server. */
export const deliveries = ['send', 'held', 'pretend'] as const
export type Delivery = (typeof deliveries)[number]

/** The stricter of several wins. */
export const strictest = (...those: readonly Delivery[]): Delivery =>
  deliveries[Math.max(0, ...those.map((one) => deliveries.indexOf(one)))] ?? 'send'

/** What becomes of a mail to this address by all of these rules. */
export const deliveryBy = (to: string, ...rules: readonly DeliveryRule[]): Delivery =>
  strictest(...rules.map((rule) => deliveryByOne(to, rule)))

function deliveryByOne(to: string, { mode, guestList }: DeliveryRule): Delivery {
  switch (mode) {
    case 'live':
      return 'send'
    case 'guest_list':
      return isOnList(to, guestList) ? 'send' : 'held'
    case 'test':
      return 'pretend'
    default:
      return mode satisfies never
  }
}

function isOnList(to: string, guestList: readonly string[]): boolean {
  const address = sameAddressKey(to)
  const domain = address.slice(address.lastIndexOf('@'))
  return guestList.some((entry) => [address, domain].includes(sameAddressKey(entry)))
}

/** What every page says while the installation is not live; null while it is. */
export function modeSentence({ mode, guestList }: DeliveryRule): string | null {
  switch (mode) {
    case 'live':
      return null
    case 'guest_list':
      return guestList.length === 0
        ? 'Guest list only, and the list is empty: all mail is held until staff release it.'
        : `Guest list only: mail to anybody but ${guestList.length === 1 ? 'the 1 entry' : `the ${guestList.length} entries`} of the list is held until staff release it.`
    case 'test':
      return 'Test mode: mail is only pretended. None leaves this installation.'
    default:
      return mode satisfies never
  }
}
