-- What a 95th percentile of a vital is found from, by node and step: the sketches of hours and days one after the other,
-- and the samples of what is not rolled up; `alone` is the exact percentile where a step is one bucket. Nothing is known (`is_unknown`) of a step with a day from before
-- there were sketches. Parts as for moments.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::uuid[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), parts AS (
    SELECT node_id AS subject, bucket AS at, {count} AS n, {p95}::float8 AS p95, {sketch} AS sketch, NULL::float8 AS value
    FROM usage_daily AS rolled
    WHERE (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[]))
        AND bucket >= %(rolled_from)s AND bucket < %(rolled_until)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.node_id AND stale.since = bucket)
    UNION ALL
    SELECT node_id, bucket, value_count, p95::float8, sketch, NULL
    FROM usage_sketches AS rolled
    WHERE vital = %(vital)s AND (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[]))
        AND bucket >= %(finer_from)s AND bucket < %(rolled_from)s
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.node_id AND stale.since = bucket)
    UNION ALL
    SELECT node_id, bucket, value_count, p95::float8, sketch, NULL
    FROM usage_sketches AS rolled
    WHERE vital = %(vital)s AND (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[]))
        AND bucket >= %(rolled_until)s AND bucket < %(finer_until)s
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.node_id AND stale.since = bucket)
    UNION ALL
    SELECT node_id, timestamp, 1, NULL, NULL, {value}::float8
    FROM usage_metrics
    WHERE (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[])) AND {value} IS NOT NULL
        AND timestamp >= %(head_from)s AND timestamp < %(finer_from)s
    UNION ALL
    SELECT node_id, timestamp, 1, NULL, NULL, {value}::float8
    FROM usage_metrics
    WHERE (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[])) AND {value} IS NOT NULL
        AND timestamp >= %(finer_until)s AND timestamp < %(until)s
    UNION ALL
    SELECT stale.subject, late.timestamp, 1, NULL, NULL, late.{value}::float8
    FROM stale
    JOIN usage_metrics AS late ON late.node_id = stale.subject AND late.timestamp >= stale.since
        AND late.timestamp < stale.until AND late.{value} IS NOT NULL
)
SELECT subject, date_bin(%(step)s, at, %(origin)s) AS at, sum(n)::bigint AS n,
    CASE WHEN count(*) = 1 THEN max(p95) END AS alone, string_agg(sketch, ''::bytea) AS sketches,
    array_agg(value) FILTER (WHERE value IS NOT NULL) AS samples, bool_or(sketch IS NULL AND value IS NULL) AS is_unknown
FROM parts
GROUP BY 1, 2
