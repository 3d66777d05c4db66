type Addresses = { APP_ENV: 'local' | 'production'; NEXTAUTH_URL: string; WEB_PORT: number; API_PORT: number }

/** The names under which a stack on this machine is reached. */
const loopback = ['localhost', '127.0.0.1', '[::1]']

/**
 * Any site can let its own name point to this machine (DNS rebinding) and would then pass for the dashboard: a local stack
 * answers only to names that nobody else can own. In production the proxy in front knows the names.
 */
export function isForeignHost(config: Addresses, host: string | null): boolean {
  if (config.APP_ENV !== 'local' || host === null) return false
  const name = host.replace(/:\d*$/, '').toLowerCase()
  return ![...loopback, new URL(config.NEXTAUTH_URL).hostname].includes(name)
}

/** Whether a page of this origin is one of ours. What the request says of its host proves nothing. */
export function isOwnOrigin(config: Addresses, origin: string | null): boolean {
  const { APP_ENV, NEXTAUTH_URL, WEB_PORT, API_PORT } = config
  const local = loopback.flatMap((name) => [WEB_PORT, API_PORT].map((port) => `http://${name}:${port}`))
  return [new URL(NEXTAUTH_URL).origin, ...(APP_ENV === 'local' ? local : [])].some((own) => own === origin)
}

/**
 * Whether a page that is not ours caused this request. Browsers say so by themselves, in one header or the other; whoever is
 * no browser says nothing, and sends no cookie that it did not mean to send.
 */
export function isFromForeignPage(config: Addresses, said: { origin: string | null; site: string | null }): boolean {
  if (said.origin !== null && !isOwnOrigin(config, said.origin)) return true
  return said.site !== null && said.site !== 'same-origin'
}
