import type { Words } from '@/core/sentences'
import type { WebConfig } from '@/runtime/config'

const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' })

/** `14:02 UTC on 23 Nov` */
export function utcWords(instant: string): string {
  const at = new Date(instant)
  return `${time.format(at)} UTC on ${day.format(at)}`
}

/** `23 Nov` */
const utcDay = (instant: string): string => day.format(new Date(instant))

export const apiWords = (config: WebConfig): Words => ({ time: utcWords, day: utcDay, smtpHost: config.SMTP_HOST })
