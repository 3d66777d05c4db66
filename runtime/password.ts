import { hash, verify } from '@node-rs/argon2'
import { AppError } from '@/core/errors'

/** argon2id, 19 MiB, two passes (OWASP's first choice); about 13 ms. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** So many at once: a burst of sign-ins must not take all memory and all cores. */
let free = 4
/** And so many may wait: the last of them well below a second. Whoever comes then is told at once, instead of being kept. */
const mostWaiting = 100
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--
  else if (waiting.length >= mostWaiting) {
    throw new AppError('unavailable', 'Too many people are signing in right now. Please try again in a moment.')
  } else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
}

export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, cost))

/** Made with the same cost from a password nobody has: checking against it takes as long as checking a real one. */
const nobodys = '$argon2id$v=19$m=19456,t=2,p=1$Ad029VSmAAfDfvHMNx76mg$UoIkVLYH/0CsCVyDrGJuUVKAUqOkFg72zardo1I+v20'

/** @param stored null when there is no such account or it has no password: takes equally long, and is false */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const matches = await inTurn(() => verify(stored ?? nobodys, password))
  return matches && stored !== null
}
