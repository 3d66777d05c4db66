const textTypes = ['textarea', 'text', 'email', 'password', 'url', 'tel', 'number']

/** Whether a field holds what somebody would have to type again. A search is not lost: it stands in the address. */
export const holdsText = ({ type, value }: { type: string; value: string }): boolean =>
  textTypes.includes(type) && value.trim() !== ''

/** Whether leaving the page would throw away what somebody is at: a dialog, or a field with something in it. */
export const isSomethingTyped = (page: Document): boolean =>
  page.querySelector('[role=dialog]') !== null ||
  // MUI measures with fields of its own, which are hidden and never empty.
  [
    ...page.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
      '#content :is(input, textarea):not([aria-hidden])',
    ),
  ].some(holdsText)
