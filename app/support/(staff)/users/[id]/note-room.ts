import { longestNote, mostNotes } from '@/core/note'

/** From here on it is said how many are left. */
const near = 200
const count = (characters: number): string => characters.toLocaleString('en-GB')

/** Whether a note fits, said before it is sent: what is pasted is neither cut off nor lost. */
export function noteRoom(body: string): { fault?: string; help?: string } {
  // As zod counts: an emoji is one.
  const left = longestNote - Array.from(body.trim()).length
  if (left < 0) return { fault: `A note holds ${count(longestNote)} characters: this is ${count(-left)} too many.` }
  return left <= near ? { help: `${count(left)} of ${count(longestNote)} characters left.` } : {}
}

/** Beside the heading: where there may be more than are shown, which ones these are. */
export const shownNotes = (shown: number): string | null => (shown < mostNotes ? null : `the newest ${mostNotes}`)
