import type { Sql } from '@/db/client'

/** What a busy shop has after three months. Each number decides itself, so two seeds of one size are the same but for their ids and times. */
export type Size = { users: number; messages: number }

/** Fills an empty, migrated database, by few large statements. Indexes are taken away meanwhile and made anew: that is ten times faster. */
export async function seedDashboard(sql: Sql, { users, messages }: Size): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local maintenance_work_mem = '512MB'`
    await tx`set local work_mem = '256MB'`
    const indexes = await tx<{ name: string; definition: string }[]>`
      select indexname as name, indexdef as definition from pg_indexes
      where schemaname = 'public' and tablename in ('users', 'messages', 'message_events')
        and indexname not in (select conname from pg_constraint) and indexdef not like 'CREATE UNIQUE%'`
    for (const { name } of indexes) await tx`drop index ${tx(name)}`

    await tx`
      insert into users (first_name, last_name, email, role, status, password_hash, last_sign_in_at, created_by_name, created_at)
      select first, last || case when n % 7 = 0 then '' else ' ' || substr(md5(n::text), 1, 4) end, lower(first || '.' || last) || n || '@example.' || (array['com', 'org', 'net'])[n % 3 + 1],
        case when n % 20000 = 0 then 'super_admin' when n % 2000 = 0 then 'admin' when n % 400 = 0 then 'supporter' else 'user' end,
        case when n % 50 = 0 then 'disabled' else 'active' end,
        case when n % 5 = 0 then null else 'x' end,
        case when n % 4 = 0 then null else now() - (n % 5000) * interval '7 min' end,
        case when n % 10 = 0 then 'Maya Example' else 'API key "shop"' end,
        now() - (${users}::int - n) * interval '90 days' / ${users}::int
      from generate_series(1, ${users}::int) n,
        lateral (select (array['Olena', 'Ravi', 'Jonas', 'Priya', 'Kofi', 'Mei', 'Lars', 'Ines', 'Tom', 'Ada', 'Hugo', 'Zoe', 'Nils', 'Ruth', 'Iris', 'Otto'])[n % 16 + 1] as first,
          (array['Sample', 'Testcase', 'Placeholder', 'Demo', 'Specimen', 'Fixture', 'Dummy', 'Mockup', 'Tester', 'Stub', 'Notreal', 'Fictional', 'Dataset'])[n % 13 + 1] as last) names`

    // 97 % sent; of the newest 2,000 most are still on their way.
    await tx`
      create temporary table planned on commit drop as
      select n, uuidv7((${messages}::int - n) * (interval '90 days' / ${messages}::int) * -1) as id,
        now() - (${messages}::int - n) * (interval '90 days' / ${messages}::int) as at,
        case when n > ${messages}::int - 2000 then (array['queued', 'retrying', 'sent', 'sending', 'queued'])[n % 5 + 1]
          when n / 10 % 100 = 7 then 'dead' when n / 10 % 160 = 3 then 'suppressed' when n / 10 % 170 = 5 then 'cancelled' else 'sent' end as status,
        n / 10 % 3000 = 7 or (n > ${messages}::int - 2000 and n % 125 = 1) as flagged,
        case when n % 997 = 0 then 'account-changed' when n % 10 = 0 then 'welcome' when n % 10 < 3 then 'password-reset'
          when n % 10 < 8 then 'plain' else 'order' end as template,
        case when n % 10 < 3 or n % 997 = 0 then (n::bigint * 7919 % ${users}::int + 1)::int end as user_id
      from generate_series(1, ${messages}::int) n`
    await tx`create index on planned (user_id)`
    await tx`
      insert into messages (id, type, template, to_address, from_address, subject, data, sensitive, priority, status, retry_count, max_retries,
        may_have_been_delivered, due_at, sent_at, closed_at, dead_reason, last_reply, last_cause, delivery, user_id, created_by_name, created_at, expires_at)
      select p.id, case template when 'welcome' then 'welcome' when 'password-reset' then 'password_reset' else 'notification' end, template,
        coalesce(u.email, 'customer' || (p.n::bigint * 104729 % 400000) || '@' || (array['mail.example.com', 'example.org', 'post.example.net', 'example.co.uk'])[p.n % 4 + 1]),
        'noreply@usualstore.com',
        case template when 'welcome' then 'Welcome to Usual Store - Your User Account' when 'password-reset' then 'Reset your password'
          when 'order' then 'Your order ' || (500000 + p.n) || ' has left our house' when 'plain' then 'News of week ' || (p.n / 20000) || ' from Usual Store'
          else 'Your account was changed' end,
        jsonb_build_object('first_name', 'Somebody', 'text', repeat('Dear customer, ', 8)), template in ('welcome', 'password-reset'), (p.n % 3)::smallint, p.status,
        case when p.status in ('dead', 'retrying') then 2 else 0 end, 3, flagged, p.at,
        case when p.status = 'sent' then p.at + interval '2 s' end,
        case when p.status in ('sent', 'dead', 'suppressed', 'cancelled') then p.at + interval '3 s' end,
        case when p.status = 'dead' then 'refused' end, case when p.status = 'sent' then '250 2.0.0 Ok: queued as ' || md5(p.n::text) when p.status in ('dead', 'retrying') then '550 5.1.1 no such mailbox' end,
        case when p.status in ('dead', 'retrying') then 'mailbox_unknown' end, case when p.status = 'queued' and p.n % 25 = 4 then 'held' else 'send' end, p.user_id,
        case when p.n % 10 < 7 then 'API key "shop"' when p.n % 10 < 9 then 'API key "billing"' when p.n % 977 = 9 then 'Ada Example' else 'Staff ' || (p.n % 200) end, p.at, p.at + interval '72 h'
      from planned p left join users u on u.id = p.user_id
      order by p.n`
    await tx`
      insert into message_events (message_id, at, event, detail)
      select id, at, event, detail from (
        select n, 1 as step, id, at, 'accepted' as event, '{"by": "seed"}'::jsonb as detail from planned
        union all
        select n, 2, id, at + interval '2 s', 'try_failed', '{"attempt": 1}' from planned where status in ('dead', 'retrying')
        union all
        select n, 3, id, at + interval '3 s', status, '{"attempt": 1}' from planned where status in ('sent', 'dead', 'suppressed', 'cancelled')
      ) e order by n, step`
    await tx`
      insert into outbox (kind, message_id, priority, due_at, ring_at)
      select 'send', id, 1, case when status = 'queued' and n % 25 = 4 then 'infinity' else at end, at from planned where status in ('queued', 'sending', 'retrying') order by n`
    for (const { definition } of indexes) await tx.unsafe(definition)
  })
  for (const table of ['users', 'messages', 'message_events', 'outbox']) await sql`vacuum (analyze) ${sql(table)}`
}
