DROP INDEX usage_rollup_queue_by_hour;
ALTER TABLE usage_rollup_queue DROP COLUMN rolled_at, DROP COLUMN is_urgent;
