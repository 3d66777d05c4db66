CREATE TABLE "delivery_hours" (
	"hour" timestamp with time zone PRIMARY KEY NOT NULL,
	"asked" integer NOT NULL,
	"accepted" integer NOT NULL,
	"in_time" integer NOT NULL,
	"at_first_try" integer NOT NULL,
	"dead" integer NOT NULL,
	"median_ms" integer,
	"p95_ms" integer
);
--> statement-breakpoint
CREATE TABLE "notes" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "notes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"body" text NOT NULL,
	"author_id" integer,
	"author_name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "send_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "one_time_links" ADD COLUMN "opened_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "first_sign_in_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "notes" ADD CONSTRAINT "notes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notes" ADD CONSTRAINT "notes_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notes_user" ON "notes" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "message_events_at" ON "message_events" USING brin ("at") WITH (autosummarize=true,pages_per_range=32);--> statement-breakpoint
update users set first_sign_in_at = last_sign_in_at;--> statement-breakpoint
update messages m set send_at = (e.detail->>'sendAt')::timestamptz
from message_events e where e.message_id = m.id and e.event = 'accepted' and e.detail ? 'sendAt';--> statement-breakpoint
grant select on delivery_hours to usual_store_app;--> statement-breakpoint
grant select, insert, update on delivery_hours to usual_store_worker;--> statement-breakpoint
grant select, insert, delete on notes to usual_store_app;
