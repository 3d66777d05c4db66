/** A message's id is a UUID version 7 (RFC 9562 5.7): it begins with the millisecond in which it was made. */

/** The lowest id that begins with this instant. */
export function firstIdOf(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/** When this id was made, RFC 3339. */
export const instantOfId = (id: string): string =>
  new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString()

/** The id that a text is, also as a Message-ID writes it; null when it is none. */
export const idIn = (text: string): string | null =>
  /^<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:@[^>]*>?)?$/i.exec(text)?.[1]?.toLowerCase() ??
  null
