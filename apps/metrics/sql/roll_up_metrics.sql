-- Computes the hours of all series of the given nodes from their samples. Series that ended long before an hour still open
-- are not looked at; an hour that is over is computed for good, so there no series is left out whatever is noted of it.
-- Sketches are of hours that are over: readers take the others from the samples. No value may make a sum overflow, or nobody's hours would ever be computed; avg() would even sum squares.
INSERT INTO metric_hourly (series_id, bucket, sample_count, avg, min, max, p95, first_value, last_value, first_at, last_at,
    increase, sketch)
SELECT s.series_id, h.bucket, count(*), sum(greatest(least(m.value, 1e300), -1e300)) / count(*), min(m.value), max(m.value),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(least(m.value, 1e300), -1e300)),
    (array_agg(m.value ORDER BY m.time))[1], (array_agg(m.value ORDER BY m.time DESC))[1], min(m.time), max(m.time),
    counter_increase(array_agg(m.value ORDER BY m.time)),
    CASE WHEN h.is_over THEN sketch_of(array_agg(m.value), 100, (extract(epoch FROM h.bucket)::bigint / 3600)::integer) END
FROM unnest(%(node_ids)s::uuid[], %(buckets)s::timestamptz[], %(over)s::boolean[]) AS h (node_id, bucket, is_over)
JOIN metric_series s ON s.node_id = h.node_id
    AND (h.is_over OR s.last_sample_at IS NULL OR s.last_sample_at >= h.bucket - interval '1 hour')
JOIN metric_samples m ON m.series_id = s.series_id AND m.time >= h.bucket AND m.time < h.bucket + interval '1 hour'
WHERE m.time >= %(since)s AND m.time < %(until)s
GROUP BY s.series_id, h.bucket, h.is_over
