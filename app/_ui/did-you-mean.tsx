import { suggestAddress } from './suggest-address'

/** Offers what was probably meant; nothing where nothing looks mistyped. */
export function DidYouMean({ address, onTake }: { address: string; onTake: (address: string) => void }) {
  const suggestion = suggestAddress(address.trim())
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
