'use client'

import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { zoneCookie, type Clock } from './format-time'

const ClockContext = createContext<Clock>({ now: 0, zone: 'UTC' })

/** Relative times on the page move on this often; a countdown asks for its own, faster clock. */
const tickMs = 10_000

/**
 * The reader's clock and time zone. The first picture uses what the server used (its own `now`, and the zone that the
 * browser left in a cookie), so that nothing changes while the page wakes up.
 */
export function ClockProvider({ now, zone, children }: Clock & { children: ReactNode }) {
  const [clock, setClock] = useState<Clock>({ now, zone })

  useEffect(() => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone
    document.cookie = `${zoneCookie}=${here}; path=/; max-age=31536000; samesite=lax`
    const tick = () => setClock({ now: Date.now(), zone: here })
    tick()
    const timer = setInterval(tick, tickMs)
    return () => clearInterval(timer)
  }, [])

  return <ClockContext value={clock}>{children}</ClockContext>
}

export const useClock = (): Clock => useContext(ClockContext)

/** A clock that ticks every second, for as long as something counts down. */
export function useTickingNow(isTicking: boolean): number {
  const { now } = useClock()
  const [ticked, setTicked] = useState<number | null>(null)
  useEffect(() => {
    if (!isTicking) return undefined
    const tick = () => setTicked(Date.now())
    tick()
    const timer = setInterval(tick, 1000)
    return () => clearInterval(timer)
  }, [isTicking])
  return isTicking ? (ticked ?? now) : now
}
