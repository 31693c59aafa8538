INSERT INTO ingest_batches (node_id, batch_id, accepted, duplicate, rejected, received_at)
VALUES (%(node_id)s, %(batch_id)s, %(accepted)s, %(duplicate)s, %(rejected)s::jsonb, %(now)s)
