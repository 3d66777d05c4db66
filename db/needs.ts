import { sql } from 'drizzle-orm'
import type { NeedsView } from '@/core/pipeline'
import { firstIdOf } from '@/core/message-id'
import type { Executor } from './client'

/** From then on it is "many": nobody works through more of them by hand, and counting on would cost. */
const countAtMost = 1_000

const dayMs = 86_400_000
/** A week of given-up mail, each at most 30 days ahead and 3 days alive. */
const longestLifeMs = 40 * dayMs

/**
 * What somebody has to see to: mail that was given up within the last week and not sent again since, and people whose invitation
 * was accepted more than two days ago and who have not come in: all of them are among the invited ones of the list of users. Found by the small index of what went wrong, and by the newest
 * accounts of the last month.
 */
export async function findNeeds(db: Executor): Promise<NeedsView> {
  // Found by ids, which are in the order of time; asked for long before it was given up, by a mail for later.
  const since = firstIdOf(Date.now() - longestLifeMs)
  const [row] = await db.execute<{ needs: NeedsView }>(sql`
    with lost as materialized (
      select distinct message_id from (
        (select message_id from message_events where event = 'dead' and message_id >= ${since}::uuid order by message_id desc limit ${countAtMost})
        union all
        (select message_id from message_events where event = 'worker_lost' and message_id >= ${since}::uuid order by message_id desc limit ${countAtMost})
      ) ended
    ), open as (
      select m.may_have_been_delivered as in_doubt, coalesce(m.last_cause, m.dead_reason) as cause
      -- Looked up one by one: joined, the planner would rather read all of the table.
      from lost cross join lateral (
        select id, may_have_been_delivered, last_cause, dead_reason from messages
        where id = lost.message_id and status = 'dead' and closed_at > now() - interval '7 days' offset 0
      ) m
      where not exists (select from message_events r where r.message_id = m.id and r.event = 'resent' offset 0)
    ), causes as (
      select cause, count(*) as count from open where not in_doubt group by cause order by count(*) desc, cause limit 2
    ), absent as (
      select from (
        select id from users u
        where u.status = 'active' and u.created_at > now() - interval '30 days' and u.created_at < now() - interval '2 days'
          and (u.password_hash is null or u.role <> 'user' and u.must_change_password and u.last_sign_in_at is null)
        order by u.created_at desc
        limit ${countAtMost}
      ) u
      where exists (
        select from messages m where m.user_id = u.id and m.type = 'welcome' and m.status = 'sent' and m.sent_at < now() - interval '2 days' offset 0
      )
    )
    select json_build_object(
      'dead', (select count(*) from open where not in_doubt),
      'dead_causes', coalesce((select json_agg(json_build_object('cause', cause, 'count', count)) from causes), '[]'),
      'in_doubt', (select count(*) from open where in_doubt),
      'absent', (select count(*) from absent)
    ) as needs`)
  if (!row) throw new Error('Postgres did not say what needs somebody')
  return row.needs
}
