ALTER TABLE "messages" ADD COLUMN "producer_id" uuid;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_producer_id" ON "messages" USING btree ("producer_id") WHERE "messages"."producer_id" is not null;
