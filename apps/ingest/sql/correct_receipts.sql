-- Counts that are known only once samples are stored: some were there already.
UPDATE ingest_batches b
SET accepted = r.accepted, duplicate = r.duplicate
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (node_id uuid, batch_id uuid, accepted integer, duplicate integer)
WHERE b.node_id = r.node_id AND b.batch_id = r.batch_id
