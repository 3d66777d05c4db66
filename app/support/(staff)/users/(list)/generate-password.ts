/** Without signs that look alike (0 O, 1 l I): people read it to each other on the phone. */
const signs = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-+=?'
const length = 16

/**
 * A password of 16 signs, each equally likely: bytes beyond the last whole multiple are drawn again.
 * @param draw fresh random bytes, as many as asked for
 */
export function generatePassword(draw: (count: number) => Uint8Array): string {
  const limit = 256 - (256 % signs.length)
  let password = ''
  while (password.length < length) {
    for (const byte of draw(length)) {
      if (byte < limit && password.length < length) password += signs[byte % signs.length]
    }
  }
  return password
}
