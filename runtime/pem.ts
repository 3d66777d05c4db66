import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads certificates or a private key that a variable names. Only whole paths: the parts of the product are started in
 * different folders.
 * @returns the text of the file, or what is wrong, to follow the variable's name
 */
export function readPem(file: string, kind: 'certificates' | 'key'): { pem: string } | { problem: string } {
  if (!isAbsolute(file)) return { problem: 'must be the whole path of a PEM file, from / on' }
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    return { problem: `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
  if (kind === 'certificates' ? certificatesIn(pem) > 0 : keyIn(pem)) return { pem }
  const what = kind === 'key' ? 'a private key without a password' : 'certificates'
  return { problem: `names a file that does not hold ${what} in PEM form` }
}

/** None when one of them is broken: TLS would pass it over without a word. */
function certificatesIn(pem: string): number {
  try {
    return (pem.match(certificate) ?? []).map((one) => new X509Certificate(one)).length
  } catch {
    return 0
  }
}

function keyIn(pem: string) {
  try {
    return createPrivateKey(pem)
  } catch {
    return null // OpenSSL's own words ("unsupported") would say less
  }
}

/** Whether it is the key of the first of these certificates, which is the one that is shown. */
export function belongTogether(certificates: string, key: string): boolean {
  const privateKey = keyIn(key)
  return privateKey !== null && new X509Certificate(certificates).checkPrivateKey(privateKey)
}
