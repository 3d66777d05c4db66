import { useEffect, useState } from 'react'
import { isAddress } from '@/core/address'

/**
 * Offers what was probably meant; nothing where nothing looks mistyped. What knows the usual domains is loaded when the first
 * address is looked at: no page has to wait for it.
 */
export function DidYouMean({ address, onTake }: { address: string; onTake: (address: string) => void }) {
  const suggestion = useSuggestion(address.trim())
  if (suggestion === null) return null
  return (
    <span aria-live="polite">
      Did you mean{' '}
      <button type="button" className="link" onClick={() => onTake(suggestion)}>
        {suggestion}
      </button>
      ?
    </span>
  )
}

function useSuggestion(address: string): string | null {
  const [found, setFound] = useState<{ for: string; suggestion: string | null } | null>(null)
  useEffect(() => {
    if (!isAddress(address)) return undefined
    let isStill = true
    void import('./suggest-address').then(({ suggestAddress }) => {
      if (isStill) setFound({ for: address, suggestion: suggestAddress(address) })
      return isStill
    })
    return () => {
      isStill = false
    }
  }, [address])
  return found?.for === address ? found.suggestion : null
}
