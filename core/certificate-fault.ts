const unknownAuthority = 'is signed by an authority that is not known here'

/** What is wrong with the certificate that a server showed, by the code of Node's error; to follow "The certificate of X". */
const faults: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'has run out',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name than the one that we connect to',
  CERT_REVOKED: 'was revoked',
  INVALID_PURPOSE: 'is not one for a server',
}

/** Null when the code says nothing about a certificate. */
export const certificateFault = (code: string): string | null =>
  (Object.hasOwn(faults, code) ? faults[code] : null) ?? null

/** Whether a server refused our own certificate, or wanted one that we did not show. */
export const isClientCertificateRefused = (code: string): boolean =>
  /^ERR_SSL_\w*ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/.test(code)
