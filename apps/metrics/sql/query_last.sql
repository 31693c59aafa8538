-- The newest value by series and step. Parts as for moments; hours know their last value.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::int4[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), parts AS (
    SELECT series_id, last_at AS at, last_value AS value, sample_count AS n
    FROM metric_hourly AS rolled
    WHERE series_id = ANY (%(subjects)s::int4[]) AND bucket >= %(finer_from)s AND bucket < %(finer_until)s
        AND sample_count > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.series_id AND stale.since = bucket)
    UNION ALL
    SELECT series_id, time, value, 1
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(head_from)s AND time < %(finer_from)s
    UNION ALL
    SELECT series_id, time, value, 1
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(finer_until)s AND time < %(until)s
    UNION ALL
    SELECT late.series_id, late.time, late.value, 1
    FROM stale
    JOIN metric_samples AS late ON late.series_id = stale.subject AND late.time >= stale.since AND late.time < stale.until
)
SELECT series_id AS subject, date_bin(%(step)s, at, %(origin)s) AS at, sum(n)::bigint AS n,
    (max(ARRAY[extract(epoch FROM at)::float8, value]))[2] AS value
FROM parts
GROUP BY 1, 2
