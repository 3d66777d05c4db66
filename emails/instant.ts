import { hidden } from '@/core/message'

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

const two = (value: number): string => String(value).padStart(2, '0')

/** `24 November 2026, 15:34 UTC`: we do not know the reader's zone. Whole minutes, rounded down: never too late. */
export function instantInWords(at: Date | typeof hidden): string {
  if (at === hidden) return hidden
  const day = `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`
  return `${day}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`
}
