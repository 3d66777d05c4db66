const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const one = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})+$`)

/**
 * One plain mailbox (RFC 5321 4.1.2 without quoted strings and address literals), at most 254 characters, 64 before the
 * at sign. Stricter than mail itself on purpose: a comma, a line break or a look-alike at sign makes nodemailer send
 * elsewhere.
 */
export function isAddress(value: string): boolean {
  return value.length <= 254 && value.indexOf('@') <= 64 && one.test(value)
}

/** The same mailbox for us: nobody is told apart by capitals. */
export const sameAddressKey = (value: string): string => value.toLowerCase()
