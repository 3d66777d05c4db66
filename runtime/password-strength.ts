import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

/** Nearly 50,000 passwords that are known from breaches, most common first; loaded with this file, so load it only where it is needed. */
const breached = dictionary['passwords-common']

/** Made at the first use: 200 ms. */
let made: { common: ReadonlySet<string>; estimator: ZxcvbnFactory } | null = null
const tools = () =>
  (made ??= { common: new Set(breached), estimator: new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs }) })

/** So much is looked at: its cost grows with the square of the length, and what is good in 32 characters is good in more. */
const looked = 32

export type Strength = {
  /** 0: found within a thousand guesses. 4: not within ten thousand million. */
  score: 0 | 1 | 2 | 3 | 4
  isCommon: boolean
}

/** How hard a password is to guess (zxcvbn). In the browser too, where it is loaded only when somebody types. */
export function strengthOf(password: string, knownWords: readonly string[]): Strength {
  const { common, estimator } = tools()
  const isCommon = common.has(password.toLowerCase())
  return { isCommon, score: isCommon ? 0 : estimator.check(password.slice(0, looked), [...knownWords]).score }
}
