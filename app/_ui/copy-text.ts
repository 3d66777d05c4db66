import { announce } from './announce'

/**
 * Puts a text on the clipboard, and says so.
 * @returns whether it is there. On plain HTTP browsers have no `navigator.clipboard`: there the old way by a selection works.
 */
export async function copyText(value: string, what: string): Promise<boolean> {
  const isCopied = (await byClipboard(value)) || bySelection(value)
  announce(isCopied ? `Copied: ${what}` : 'Not copied: this browser does not allow it. Please select the text by hand.')
  return isCopied
}

async function byClipboard(value: string): Promise<boolean> {
  // Absent where the page did not come over TLS, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (!clipboard) return false
  try {
    await clipboard.writeText(value)
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
}

function bySelection(value: string): boolean {
  const focused = document.activeElement
  const field = document.createElement('textarea')
  field.value = value
  field.className = 'unseen'
  // Inside an open dialog, whose trap would take the focus back before it is copied.
  const place = focused?.closest('[role="dialog"]') ?? document.body
  place.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return isCopied
}
