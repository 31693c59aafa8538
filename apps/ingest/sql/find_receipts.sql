SELECT b.node_id, b.batch_id, b.accepted, b.duplicate, b.rejected, b.received_at
FROM unnest(%(node_ids)s::uuid[], %(batch_ids)s::uuid[]) AS w (node_id, batch_id)
JOIN ingest_batches b USING (node_id, batch_id)
