-- Every hour that has a roll-up is computed anew, because the old ones have no sketches.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT node_id, bucket, now() FROM usage_hourly ON CONFLICT DO NOTHING;
DROP VIEW readable.usage_hourly, series.usage_hourly;

ALTER TABLE usage_rollup_queue ADD COLUMN rolled_at timestamptz;
ALTER TABLE usage_rollup_queue ADD COLUMN is_urgent boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN usage_rollup_queue.is_urgent IS 'somebody waits for it: continuous aggregates refresh it at once';
COMMENT ON COLUMN usage_rollup_queue.rolled_at IS 'when the hour was last computed without leaving the queue';
-- Days of nodes of which an hour was computed.
CREATE TABLE usage_rollup_days (
    node_id uuid NOT NULL,
    bucket timestamptz NOT NULL,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (node_id, bucket)
);
-- The transactions that were writing samples at `noted_at`.
CREATE TABLE rollup_barriers (
    noted_at timestamptz PRIMARY KEY,
    writers text[] NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_rollup_days, rollup_barriers TO omega_worker;
