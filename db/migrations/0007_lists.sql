-- Trusted: whoever owns the database may make it.
create extension if not exists pg_trgm;--> statement-breakpoint
CREATE INDEX "message_events_ended" ON "message_events" USING btree ("event","message_id") WHERE "message_events"."event" in ('dead', 'worker_lost', 'cancelled', 'suppressed', 'pretended');--> statement-breakpoint
CREATE INDEX "messages_words" ON "messages" USING gin ("to_address" gin_trgm_ops,"subject" gin_trgm_ops) WITH (gin_pending_list_limit=512);--> statement-breakpoint
CREATE INDEX "messages_template" ON "messages" USING btree ("template","id");--> statement-breakpoint
CREATE INDEX "messages_type" ON "messages" USING btree ("type","id");--> statement-breakpoint
CREATE INDEX "messages_sender" ON "messages" USING btree ("created_by_name","id");--> statement-breakpoint
CREATE INDEX "messages_person" ON "messages" USING btree ("id","user_id") WHERE "messages"."user_id" is not null;--> statement-breakpoint
CREATE INDEX "users_words" ON "users" USING gin (("first_name" || ' ' || "last_name" || ' ' || "first_name" || ' ' || "email") gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "users_created" ON "users" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "users_first_name" ON "users" USING btree (lower("first_name"),"id");--> statement-breakpoint
CREATE INDEX "users_last_name" ON "users" USING btree (lower("last_name"),"id");--> statement-breakpoint
CREATE INDEX "users_role" ON "users" USING btree ("role","id");