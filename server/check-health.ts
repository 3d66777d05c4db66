import { ping } from '@/db/ping'
import type { Context } from './context'

/** Whether requests can be answered. Kafka being away does not count: mail is accepted all the same. */
export async function checkHealth({ db }: Context): Promise<void> {
  await ping(db)
}
