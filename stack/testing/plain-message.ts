import type { NewMessage } from '@/db/accept-message'

/** A message of which nothing matters but that it is one. */
export const plainMessage: NewMessage = {
  type: 'notification',
  template: 'plain',
  to: 'a@example.com',
  from: 'noreply@usualstore.com',
  replyTo: null,
  subject: 'Hello',
  data: { body: 'Hello' },
  priority: 'normal',
  maxRetries: 3,
  sensitive: false,
  seal: null,
  userId: null,
  createdByName: 'Maya',
}
