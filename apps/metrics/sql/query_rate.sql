-- By how much counters grew, and over how many seconds, by series and step; growth between two samples counts in the step
-- of the later one. A counter that fell began anew from nothing. Parts as for moments; hours tell their ends.
-- Values are bounded, so that no growth overflows.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::int4[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), spans AS (
    SELECT series_id, first_at, first_value, last_at, last_value, increase, sample_count AS n
    FROM metric_hourly AS rolled
    WHERE series_id = ANY (%(subjects)s::int4[]) AND bucket >= %(finer_from)s AND bucket < %(finer_until)s
        AND sample_count > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.series_id AND stale.since = bucket)
    UNION ALL
    SELECT series_id, time, value, time, value, 0, 1
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(head_from)s AND time < %(finer_from)s
    UNION ALL
    SELECT series_id, time, value, time, value, 0, 1
    FROM metric_samples
    WHERE series_id = ANY (%(subjects)s::int4[]) AND time >= %(finer_until)s AND time < %(until)s
    UNION ALL
    SELECT late.series_id, late.time, late.value, late.time, late.value, 0, 1
    FROM stale
    JOIN metric_samples AS late ON late.series_id = stale.subject AND late.time >= stale.since AND late.time < stale.until
), bounded AS (
    SELECT series_id, first_at, last_at, increase, n, greatest(least(first_value, 1e300), -1e300) AS first_value,
        greatest(least(last_value, 1e300), -1e300) AS last_value
    FROM spans
), chained AS (
    SELECT *, lag(last_value) OVER chain AS value_before, lag(last_at) OVER chain AS at_before
    FROM bounded
    WINDOW chain AS (PARTITION BY series_id ORDER BY first_at)
)
SELECT series_id AS subject, date_bin(%(step)s, first_at, %(origin)s) AS at, sum(n)::bigint AS n,
    sum(increase + CASE
        WHEN value_before IS NULL THEN 0
        WHEN first_value >= value_before THEN first_value - value_before
        ELSE first_value
    END) AS growth,
    sum(extract(epoch FROM last_at - coalesce(at_before, first_at)))::float8 AS seconds
FROM chained
GROUP BY 1, 2
