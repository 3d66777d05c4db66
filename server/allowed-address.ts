import { BlockList, isIP } from 'node:net'

/**
 * Whether a key may be used from there.
 * @param allowed addresses or networks (CIDR) of either family; none: from anywhere
 */
export function isAllowedAddress(address: string, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true
  if (isIP(address) === 0) return false
  const kind = familyOf(address)
  const list = new BlockList()
  for (const entry of allowed) {
    const [net = '', prefix] = entry.split('/')
    // A BlockList takes an IPv4 address for a mapped IPv6 one, so `::/0` would let in all of them.
    if (familyOf(net) !== kind) continue
    if (prefix === undefined) list.addAddress(net, kind)
    else list.addSubnet(net, Number(prefix), kind)
  }
  return list.check(address, kind)
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
