import { randomUUID } from 'node:crypto'
import { Kafka } from 'kafkajs'
import postgres from 'postgres'

/** Puts records on the topic as another service of the shop would: unsigned, and with no row of ours. */
export async function produceForeign(brokers: string, values: { key: string; value: string }[]): Promise<void> {
  const producer = new Kafka({ brokers: [brokers], logLevel: 0 }).producer()
  await producer.connect()
  await producer.send({ topic: 'email-notifications', messages: values })
  await producer.disconnect()
}

export const foreignRecord = (text: string): { key: string; value: string } => {
  const id = randomUUID()
  const message = {
    id,
    from: 'noreply@usualstore.com',
    to: 'reader@example.com',
    subject: text,
    template: 'plain',
    data: { body: text },
    priority: 'normal',
    timestamp: new Date().toISOString(),
    retry_count: 0,
    max_retries: 3,
    status: 'pending',
  }
  return { key: id, value: JSON.stringify({ type: 'notification', message }) }
}

/** As if the mail server had refused with these words (worker/hostile-input.int.test.ts shows that it may). */
export async function rewriteReply(database: string, messageId: string, reply: string): Promise<void> {
  const sql = postgres(database, { max: 1 })
  try {
    await sql`update messages set last_reply = ${reply} where id = ${messageId}`
    await sql`update message_events set detail = jsonb_set(detail, '{reply}', to_jsonb(${reply}::text))
      where message_id = ${messageId} and detail ? 'reply'`
  } finally {
    await sql.end()
  }
}
