-- Room on each page for heap-only updates (hold and settle rewrite every row twice), and vacuum by count:
-- the outbox stays small while millions of rows go through it.
ALTER TABLE "outbox" SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);--> statement-breakpoint
ALTER TABLE "messages" SET (fillfactor = 80);
