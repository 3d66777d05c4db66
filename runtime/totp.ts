import { Secret, TOTP } from 'otpauth'

/** RFC 6238 with what every authenticator app takes for granted: SHA-1, six digits, 30 s. */
const stepSeconds = 30

const totpOf = (secret: string, account: string) =>
  new TOTP({
    issuer: 'Usual Store Support',
    label: account,
    algorithm: 'SHA1',
    digits: 6,
    period: stepSeconds,
    secret: Secret.fromBase32(secret),
  })

/** 160 bits, as RFC 4226 advises, in base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/** `otpauth://…`, what the QR code says. */
export const totpAddress = (secret: string, account: string): string => totpOf(secret, account).toString()

/** The step that this code belongs to, the present one or one beside it (clocks differ); null when it is not right. */
export function totpStep(secret: string, code: string, at: Date): number | null {
  // The library reads other digits, and blanks, as well.
  if (!/^\d{6}$/.test(code)) return null
  const delta = totpOf(secret, '').validate({ token: code, timestamp: at.getTime(), window: 1 })
  return delta === null ? null : Math.floor(at.getTime() / 1000 / stepSeconds) + delta
}
