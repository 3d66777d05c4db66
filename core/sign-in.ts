/** Why a sign-in was refused, as it stands in the answer of `/api/auth/callback/credentials`. */
const sentences = {
  wrong_credentials: 'Email address or password is not right.',
  not_staff: 'Access denied. Only administrators and support staff can access this dashboard.',
  unavailable: 'Signing in does not work right now. Please try again in a moment.',
} as const
export type SignInRefusal = keyof typeof sentences

/** What the sign-in page says for an error code from the address; an unknown code says no more than "try again". */
export function signInSentence(code: string): string {
  return Object.hasOwn(sentences, code) ? sentences[code as SignInRefusal] : sentences.unavailable
}

/**
 * The sentence for the `url` that the sign-in call answered with; null when it was accepted.
 * The call answers 401 with an address that carries `error=<code>`, and 200 with the address to go on to.
 */
export function signInProblem(answer: { url?: string }): string | null {
  const query = answer.url?.split('?')[1]
  if (!query) return null
  const parameters = new URLSearchParams(query)
  // A stale page's csrf token sends us back to the sign-in page instead.
  const code = parameters.get('error') ?? (parameters.has('csrf') ? 'unavailable' : null)
  return code === null ? null : signInSentence(code)
}

export const signInPage = '/support/login'
export const forgotPasswordPage = '/support/forgot-password'
export const dashboard = '/support'
/** Below the dashboard, and yet for people who are not signed in. */
export const signedOutPages: readonly string[] = [signInPage, forgotPasswordPage]

/** Where to go on to after signing in: a page of the dashboard on our own address, or its start. */
export function safeReturnPath(wanted: string | null | undefined, origin: string): string {
  if (!wanted || !URL.canParse(wanted, origin)) return dashboard
  const url = new URL(wanted, origin)
  const isOurs = url.origin === new URL(origin).origin && /^\/support(\/|$)/.test(url.pathname)
  return isOurs && !signedOutPages.includes(url.pathname) ? `${url.pathname}${url.search}` : dashboard
}
