/** What stands between asking for mail and its acceptance, part by part, as it is at this moment. */
export type PipelineView = {
  /** RFC 3339, by Postgres. */
  at: string
  api: { asked_this_hour: number; asked_last_hour: number }
  outbox: {
    /** Due, and held by nobody. */
    waiting: number
    /** Since when the oldest of them has been due; null: none waits. */
    oldest_since: string | null
    /** Of those: due for longer than is promised. */
    overdue: number
    /** Kept back until staff release it. */
    held: number
    /** In the last minute: came in, and came to its end. */
    asked_last_minute: number
    ended_last_minute: number
  }
  /** Null: Kafka did not answer. */
  kafka: { behind: number; partitions: number } | null
  workers: {
    up: number
    /** Known today, and silent for more than 45 s. */
    away: number
    sending: number
  }
  smtp: { median_ms: number | null; first_try_share: number | null }
  /** Given up within the last 24 hours, whatever became of it since. */
  dead: { last_day: number }
}

/** What somebody has to see to. Each count ends at 1,000. */
export type NeedsView = {
  /** Given up within the last week, still dead, and not sent again. */
  dead: number
  /** The two that are most frequent; a `Cause` of smtp-failure.ts, or a reason why it was given up. */
  dead_causes: { cause: string | null; count: number }[]
  /** The same of mail that may have been delivered. */
  in_doubt: number
  /** People of the last month whose invitation was accepted more than two days ago, and who have not come in. */
  absent: number
}

/** Below this the rate of one minute says nothing. */
const fewest = 5

/**
 * Until nothing waits any more, in seconds, as fast as it has gone in the last minute; null: nothing waits, it does not get
 * less, or too little happened to say.
 */
export function emptyInSeconds({
  waiting,
  asked_last_minute,
  ended_last_minute,
}: PipelineView['outbox']): number | null {
  const lessPerMinute = ended_last_minute - asked_last_minute
  if (waiting === 0 || ended_last_minute < fewest || lessPerMinute <= 0) return null
  return Math.ceil((waiting / lessPerMinute) * 60)
}

/** Whether what waits gets more or less. */
export function trend({
  waiting,
  asked_last_minute,
  ended_last_minute,
}: PipelineView['outbox']): 'more' | 'less' | 'same' {
  const difference = asked_last_minute - ended_last_minute
  if (waiting === 0 || Math.abs(difference) < fewest) return 'same'
  return difference > 0 ? 'more' : 'less'
}
