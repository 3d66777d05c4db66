/** Today and the week before it. */
export const shownDays = 8
