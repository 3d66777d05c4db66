import type { Held } from '@/db/hold'

/** A mail as a hold gives it, for tests that need no Postgres. Only tests import this file. */
export const sampleHeld: Held = {
  messageId: '0190aaaa-0000-7000-8000-000000000001',
  hold: 'a hold',
  attempt: 1,
  partition: 0,
  offset: 0,
  type: 'notification',
  template: 'plain',
  toAddress: 'a@example.com',
  fromAddress: 'noreply@usualstore.com',
  replyTo: null,
  subject: 'Hello',
  data: { body: 'Hello' },
  dueAt: new Date(0),
  createdAt: new Date(0),
  retryCount: 0,
  maxRetries: 3,
  mayHaveBeenDelivered: false,
  userId: null,
  sealed: null,
  outages: 0,
  onAmbiguous: 'retry',
  delivery: 'send',
  expired: false,
  suppressed: null,
}
