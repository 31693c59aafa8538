-- Receipts come before what they stand for: the same batch sent twice at once waits here for the first to commit.
INSERT INTO ingest_batches (node_id, batch_id, accepted, duplicate, rejected, received_at)
SELECT r.node_id, r.batch_id, r.accepted, 0, r.rejected, r.received_at
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r (node_id uuid, batch_id uuid, accepted integer, rejected jsonb, received_at timestamptz)
ORDER BY r.node_id, r.batch_id
ON CONFLICT DO NOTHING
RETURNING node_id, batch_id
