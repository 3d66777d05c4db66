import { AppError } from '@/core/errors'
import type { DeadRecordPlace } from '@/core/dead-record-requests'
import type { DeadRecordView } from '@/core/views'
import { findDeadRecord } from '@/db/list-dead-records'
import type { Context } from './context'
import { toDeadRecordItem } from './list-dead-records'

/** A record that was kept aside, with every byte of it. */
export async function getDeadRecord({ db }: Context, place: DeadRecordPlace): Promise<DeadRecordView> {
  const record = await findDeadRecord(db, place)
  if (!record) throw new AppError('not_found', 'There is no such record.')
  return {
    ...toDeadRecordItem(record),
    headers: record.headers,
    key_base64: record.key?.toString('base64') ?? null,
    value_base64: record.value?.toString('base64') ?? null,
  }
}
