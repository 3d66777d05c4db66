-- Who may do what in this database. The login that migrates owns everything; the web process and the worker come in with logins
-- that are members of one of these two roles (db/roles.ts), and can do what is granted here and no more.
--
-- Nothing is granted by default: a table that a later migration makes is closed to both until that migration opens it, and
-- db/roles.int.test.ts fails until somebody has decided.

-- Roles belong to the server: another of its databases may have them already, or be making them at this very moment.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['usual_store_app', 'usual_store_worker'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;
end
$$;--> statement-breakpoint
grant usage on schema public to usual_store_app, usual_store_worker;--> statement-breakpoint

-- The web process. The story of a message and the audit log are only ever added to.
grant select, insert, update, delete on
  users, sessions, second_factors, recovery_codes, sign_in_delays, setup_links, rate_limits, daily_counts, outbox, message_secrets, processes
to usual_store_app;--> statement-breakpoint
grant select, insert, update on role_settings, api_keys, messages, idempotency_keys to usual_store_app;--> statement-breakpoint
grant select, insert, delete on suppressions to usual_store_app;--> statement-breakpoint
grant select, insert on message_events, audit_log to usual_store_app;--> statement-breakpoint
-- The worker mints links; the web process only uses and ends them.
grant select, update, delete on one_time_links to usual_store_app;--> statement-breakpoint
grant select on breakers, send_rate, dead_records to usual_store_app;--> statement-breakpoint

-- The worker. It cannot read people, second factors, keys or the audit log at all. Of an account, by its id, it learns what it
-- needs before it mints a link: whether it may be used, and where its mail goes. As a function, because whoever locks a row of a
-- table must be allowed to change it.
create function lock_account(account integer) returns table (id integer, email text, status text)
language sql volatile security definer set search_path = pg_catalog
as $$ select u.id, u.email, u.status from public.users u where u.id = account for key share $$;--> statement-breakpoint
revoke all on function lock_account(integer) from public;--> statement-breakpoint
grant execute on function lock_account(integer) to usual_store_worker;--> statement-breakpoint
grant select, insert, update, delete on outbox, breakers, processes to usual_store_worker;--> statement-breakpoint
grant select, insert, update on messages, send_rate, dead_records to usual_store_worker;--> statement-breakpoint
grant select, insert, delete on message_secrets, suppressions to usual_store_worker;--> statement-breakpoint
grant select, insert on message_events to usual_store_worker;--> statement-breakpoint
grant insert on audit_log to usual_store_worker;--> statement-breakpoint
grant insert, select (expires_at) on one_time_links to usual_store_worker;--> statement-breakpoint
-- Its housekeeping: what is over, by its time alone; of a session it learns nothing but when it ends.
grant delete, select (created_at) on idempotency_keys to usual_store_worker;--> statement-breakpoint
grant delete, select (expires_at) on sessions to usual_store_worker;--> statement-breakpoint
grant select, delete on rate_limits, daily_counts, sign_in_delays to usual_store_worker;
