-- What a 95th percentile of a series is found from, by step: the same as for vitals. Series have no days.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::int4[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), parts AS (
    SELECT series_id AS subject, bucket AS at, sample_count AS n, p95, sketch, NULL::float8 AS value
    FROM metric_hourly AS rolled
    WHERE series_id = ANY (%(subjects)s::int4[]) AND bucket >= %(finer_from)s AND bucket < %(finer_until)s
        AND sample_count > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.series_id AND stale.since = bucket)
    UNION ALL
    SELECT series_id, time, 1, NULL, NULL, value
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(head_from)s AND time < %(finer_from)s
    UNION ALL
    SELECT series_id, time, 1, NULL, NULL, value
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(finer_until)s AND time < %(until)s
    UNION ALL
    SELECT late.series_id, late.time, 1, NULL, NULL, late.value
    FROM stale
    JOIN metric_samples AS late ON late.series_id = stale.subject AND late.time >= stale.since AND late.time < stale.until
)
SELECT subject, date_bin(%(step)s, at, %(origin)s) AS at, sum(n)::bigint AS n,
    CASE WHEN count(*) = 1 THEN max(p95) END AS alone, string_agg(sketch, ''::bytea) AS sketches,
    array_agg(value) FILTER (WHERE value IS NOT NULL) AS samples, bool_or(sketch IS NULL AND value IS NULL) AS is_unknown
FROM parts
GROUP BY 1, 2
