-- Last, because doors wait for marks that are not committed: what has samples is computed anew, with sketches. Named metrics
-- had no roll-ups.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT node_id, bucket, now()
FROM (
    SELECT node_id, bucket FROM usage_hourly_before WHERE bucket >= (SELECT kept_since('usage_metrics'))
    UNION
    SELECT s.node_id, date_trunc('hour', m."time", 'UTC')
    FROM metric_samples AS m JOIN metric_series AS s USING (series_id) WHERE s.node_id IS NOT NULL
) AS hours
ORDER BY node_id, bucket
ON CONFLICT DO NOTHING;
DROP TABLE usage_hourly_before;
DROP FUNCTION rolled_days_before(text), rolled_before(text);
