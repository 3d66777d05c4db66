import type { Words } from '@/core/sentences'
import type { WebConfig } from '@/runtime/config'

const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' })

/** `14:02 UTC on 23 Nov` */
export function utcWords(instant: string): string {
  const at = new Date(instant)
  return `${time.format(at)} UTC on ${day.format(at)}`
}

export const apiWords = (config: WebConfig): Words => ({ time: utcWords, smtpHost: config.SMTP_HOST })
