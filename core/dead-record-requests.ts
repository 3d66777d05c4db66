import { z } from 'zod'
import { cursorOf, exactInstant } from './cursor'
import { wholeNumber } from './requests'

/** A topic's name, as Kafka allows it. */
const topicName = z.string().regex(/^[\w.-]{1,249}$/)

export const listDeadRecordsQuery = z.strictObject({
  cursor: cursorOf(
    z.tuple([
      exactInstant,
      topicName,
      z
        .number()
        .int()
        .nonnegative()
        .max(2 ** 31 - 1),
      z.number().int().nonnegative(),
    ]),
  ).optional(),
  limit: wholeNumber(100).default(25),
})
export type ListDeadRecordsQuery = z.output<typeof listDeadRecordsQuery>

const placeNumber = (digits: RegExp) => z.string().regex(digits).transform(Number)

/** Where a record stands in Kafka. */
export const deadRecordParams = z.object({
  topic: topicName,
  partition: placeNumber(/^\d{1,9}$/),
  offset: placeNumber(/^\d{1,15}$/),
})
export type DeadRecordPlace = z.output<typeof deadRecordParams>
