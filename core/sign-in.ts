import { waitSentence } from './sign-in-delay'

/** Why a sign-in was refused, as it stands in the answer of `/api/auth/callback/credentials`. */
const sentences = {
  wrong_credentials: 'Email address or password is not right.',
  not_staff: 'Access denied. Only administrators and support staff can access this dashboard.',
  /** The password is right, and the account has a second factor: not a fault, but the next step. */
  code_needed: 'Please enter the code of your authenticator app.',
  wrong_code: 'This code is not right, or it was used already.',
  unavailable: 'Signing in does not work right now. Please try again in a moment.',
} as const
/** `wait-30`: so many seconds. */
export type SignInRefusal = keyof typeof sentences | `wait-${number}`

/** What the sign-in page says for an error code from the address; an unknown code says no more than "try again". */
export function signInSentence(code: string): string {
  const [, seconds] = /^wait-(\d{1,4})$/.exec(code) ?? []
  if (seconds !== undefined) return waitSentence(Number(seconds))
  return Object.hasOwn(sentences, code) ? sentences[code as keyof typeof sentences] : sentences.unavailable
}

export type SignInProblem = { code: string; sentence: string }

/**
 * What the `url` that the sign-in call answered with says; null when it was accepted.
 * The call answers 401 with an address that carries `error=<code>`, and 200 with the address to go on to.
 */
export function signInProblem(answer: { url?: string }): SignInProblem | null {
  const query = answer.url?.split('?')[1]
  if (!query) return null
  const parameters = new URLSearchParams(query)
  // A stale page's csrf token sends us back to the sign-in page instead.
  const code = parameters.get('error') ?? (parameters.has('csrf') ? 'unavailable' : null)
  return code === null ? null : { code, sentence: signInSentence(code) }
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

/** To whoever changes what another could use against them. */
export const presentPasswordNeeded = 'Please give your present password too.'
