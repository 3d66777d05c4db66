import { z } from 'zod'
import { messageTypes, priorities, type MessageType, type Priority } from './message'

/** The envelope on `email-notifications` and `email-dlq`: the original's, unchanged. */
export const recordSchema = z.object({
  type: z.enum(messageTypes),
  message: z.object({
    id: z.uuid(),
    from: z.string(),
    to: z.string(),
    subject: z.string(),
    template: z.string(),
    data: z.record(z.string(), z.unknown()),
    priority: z.enum(priorities),
    timestamp: z.iso.datetime({ offset: true }),
    retry_count: z.number().int().nonnegative(),
    max_retries: z.number().int().positive(),
    status: z.string(),
  }),
})
export type EmailRecord = z.infer<typeof recordSchema>

/** The envelope of a message, the same from the request that accepted it and from the relay. Secrets are placeholders in `data` already. */
export function toEnvelope(message: {
  id: string
  type: MessageType
  template: string
  from: string
  to: string
  subject: string
  data: Record<string, unknown>
  priority: Priority
  createdAt: string
  retryCount: number
  maxRetries: number
  status: 'pending' | 'dead' | 'sent'
}): EmailRecord {
  return {
    type: message.type,
    message: {
      id: message.id,
      from: message.from,
      to: message.to,
      subject: message.subject,
      template: message.template,
      data: message.data,
      priority: message.priority,
      timestamp: message.createdAt,
      retry_count: message.retryCount,
      max_retries: message.maxRetries,
      status: message.status,
    },
  }
}
