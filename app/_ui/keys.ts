type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

/**
 * The key that was pressed, as a Latin keyboard has it: who writes Ukrainian presses the same keys for `j` and `/`, and they say
 * other letters.
 */
export function keyOf({ key, code, shiftKey }: Pressed): string {
  if (key.length !== 1 || /^[ -~]$/.test(key)) return key
  if (code.startsWith('Key')) return code.slice('Key'.length).toLowerCase()
  if (code === 'Slash') return shiftKey ? '?' : '/'
  return key
}

/** Ctrl-K, and ⌘K on a Mac. */
export const isPaletteKey = (pressed: Pressed): boolean =>
  (pressed.ctrlKey || pressed.metaKey) && !pressed.altKey && !pressed.shiftKey && keyOf(pressed).toLowerCase() === 'k'

export const hasModifier = ({ ctrlKey, metaKey, altKey }: Pressed): boolean => ctrlKey || metaKey || altKey

/** Keys that belong to somebody else now: to a field, or to what lies above the page. */
export const isTaken = (target: EventTarget | null): boolean =>
  (target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]') !==
      null) ||
  document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null
