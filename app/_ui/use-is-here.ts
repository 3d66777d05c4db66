import { useEffect, useRef, type RefObject } from 'react'

/** Whether this is still shown: who went back while something was saved is told elsewhere what came of it. */
export function useIsHere(): RefObject<boolean> {
  const isHere = useRef(true)
  useEffect(() => {
    isHere.current = true
    return () => {
      isHere.current = false
    }
  }, [])
  return isHere
}
