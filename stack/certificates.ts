import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'

/** The paths of the PEM files, and both together for a server of Node's. */
type Certificate = { key: string; certificate: string; context: SecureContext }

export type Authority = {
  /** Its own certificate: for NODE_EXTRA_CA_CERTS, KAFKA_SSL_CA and sslrootcert. */
  file: string
  issue: (name: string, options?: { alternativeNames?: string; expired?: true }) => Certificate
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** An authority of a test's own, made by openssl; its certificates are for `localhost` unless told otherwise. */
export function createAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const self = ['-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem']
  openssl('req', '-x509', ...newKey, '-days', '30', ...self)
  // `openssl ca`, because `openssl x509` cannot make a certificate of the past before OpenSSL 3.4.
  writeFileSync(
    join(folder, 'ca.cnf'),
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n',
  )
  writeFileSync(join(folder, 'index'), '')
  writeFileSync(join(folder, 'serial'), '01\n')
  return {
    file: join(folder, 'ca.pem'),
    issue(name, { alternativeNames = 'DNS:localhost', expired } = {}) {
      const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternativeNames}`]
      openssl('req', '-new', ...newKey, ...names, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      const dates = expired ? ['-startdate', '20240101000000Z', '-enddate', '20240102000000Z'] : ['-days', '30']
      const signer = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key']
      openssl('ca', '-batch', ...signer, '-notext', '-in', `${name}.csr`, '-out', `${name}.pem`, ...dates)
      const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
      const context = createSecureContext({ key: readFileSync(key), cert: readFileSync(certificate) })
      return { key, certificate, context }
    },
  }
}
