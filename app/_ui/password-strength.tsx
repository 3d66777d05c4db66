'use client'

import { useDeferredValue, useEffect, useState } from 'react'
import { isMostlyKnown, knownWords } from '@/core/password-words'
import type { Strength } from '@/runtime/password-strength'
import styles from './password-strength.module.css'

type Estimate = (password: string, knownWords: readonly string[]) => Strength

const words = [
  { said: 'Too easy to guess', tone: 'stop' },
  { said: 'Weak', tone: 'wait' },
  { said: 'Fair', tone: 'wait' },
  { said: 'Good', tone: 'good' },
  { said: 'Strong', tone: 'good' },
] as const

/** Its dictionaries are large: they come when somebody has typed, and no page waits for them. */
function useEstimate(isWanted: boolean): Estimate | null {
  const [estimate, setEstimate] = useState<Estimate | null>(null)
  useEffect(() => {
    if (!isWanted || estimate !== null) return
    import('@/runtime/password-strength').then(
      ({ strengthOf }) => setEstimate(() => strengthOf),
      // Only a hint: the server judges every password itself.
      () => undefined,
    )
  }, [isWanted, estimate])
  return estimate
}

/** How hard the password that is being typed is to guess; shown under its field. */
export function PasswordStrength(props: {
  password: string
  person?: { firstName?: string; lastName?: string; email?: string }
}) {
  const password = useDeferredValue(props.password)
  const estimate = useEstimate(password !== '')
  if (password === '' || estimate === null) return <span className={styles.strength}>At least 8 characters.</span>

  const { firstName = '', lastName = '', email = '' } = props.person ?? {}
  const known = knownWords({ firstName, lastName, email })
  const { score, isCommon } = estimate(password, known)
  const shown = isMostlyKnown(password, known) ? 0 : score
  const { said, tone } = words[shown]
  return (
    <span className={styles.strength} data-tone={tone}>
      <span className={styles.bar} aria-hidden>
        {[1, 2, 3, 4].map((part) => (
          <span key={part} className={styles.part} data-filled={part <= Math.max(shown, 1) || undefined} />
        ))}
      </span>
      {isCommon ? 'Many people have this password' : said}
    </span>
  )
}
