/** The mark of Usual Store: a parcel with a tick. */
export function Mark() {
  return (
    <svg width="24" height="20" viewBox="0 0 24 20" aria-hidden focusable="false">
      <rect width="24" height="20" rx="5" fill="var(--mui-palette-t-action)" />
      <path
        d="M7 9.5 11 13.5 18 6.5"
        fill="none"
        stroke="var(--mui-palette-t-onAction)"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
