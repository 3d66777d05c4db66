/** Without i, l, o and u: nothing that reads like another letter or a digit (Crockford's base 32). */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten at once: enough for years, few enough to be written down. */
export const recoveryCodeCount = 10

/** 80 random bits as `abcd-efgh-jkmn-pqrs`. */
export function recoveryCodeOf(bytes: Uint8Array): string {
  const bits = Array.from(bytes.slice(0, 10), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const all = bits.match(/.{5}/g) ?? []
  const code = all.map((group) => letters[Number.parseInt(group, 2)]).join('')
  return code.match(/.{4}/g)?.join('-') ?? ''
}

/** As it is kept and compared: however it was typed. Null: this is no recovery code. */
export function plainRecoveryCode(typed: string): string | null {
  const plain = typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(plain) ? plain : null
}
