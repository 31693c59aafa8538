ALTER TABLE usage_rollup_queue ADD COLUMN rolled_at timestamptz, ADD COLUMN is_urgent boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN usage_rollup_queue.is_urgent IS 'somebody waits for it: continuous aggregates refresh it at once';
COMMENT ON COLUMN usage_rollup_queue.rolled_at IS 'when the hour was last computed without leaving the queue';
-- The newest hours are computed first, and readers ask for a span: the key begins with the node.
CREATE INDEX usage_rollup_queue_by_hour ON usage_rollup_queue (bucket, node_id);
