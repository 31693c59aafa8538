-- The number of this transaction, given to it now if it had none: whoever begins to write from here on gets a higher one.
-- Transactions below `oldest` are over.
SELECT pg_current_xact_id()::text::bigint AS own, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest
