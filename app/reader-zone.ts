import { cookies } from 'next/headers'
import { zoneCookie, zoneOf } from './_ui/format-time'

/** The time zone that the reader's browser left in a cookie; UTC at its first visit. */
export const readerZone = async (): Promise<string> => zoneOf((await cookies()).get(zoneCookie)?.value)
