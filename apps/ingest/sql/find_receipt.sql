SELECT accepted, duplicate, rejected, received_at
FROM ingest_batches
WHERE node_id = %(node_id)s AND batch_id = %(batch_id)s
