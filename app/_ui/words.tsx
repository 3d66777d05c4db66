'use client'

import { createContext, useContext } from 'react'
import type { Words } from '@/core/sentences'
import { useClock } from './clock'
import { dayInSentence, timeInSentence, type Clock } from './format-time'

const SmtpHostContext = createContext('')
export const SmtpHostProvider = SmtpHostContext.Provider

/** What core/sentences.ts needs to speak of this reader's times. */
export function useWords(): { words: Words; clock: Clock } {
  const clock = useClock()
  const smtpHost = useContext(SmtpHostContext)
  return {
    words: {
      time: (instant) => timeInSentence(instant, clock),
      day: (instant) => dayInSentence(instant, clock),
      smtpHost,
    },
    clock,
  }
}
