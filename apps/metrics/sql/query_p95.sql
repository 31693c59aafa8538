-- What a 95th percentile is found from, by subject and step: the sketches of hours and days one after the other, and the
-- samples of what is not rolled up; `alone` is the exact percentile where a step is one bucket. Parts as for moments.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::{kind}[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), parts AS (
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {p95}::float8 AS p95, {sketch} AS sketch,
        NULL::float8 AS value
    FROM {daily} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(rolled_from)s AND bucket < %(rolled_until)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {p95}::float8 AS p95, {sketch} AS sketch,
        NULL::float8 AS value
    FROM {hourly} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(finer_from)s AND bucket < %(rolled_from)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {p95}::float8 AS p95, {sketch} AS sketch,
        NULL::float8 AS value
    FROM {hourly} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(rolled_until)s AND bucket < %(finer_until)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject}, {time}, 1, NULL, NULL, {value}::float8
    FROM {samples}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
        AND {time} >= %(head_from)s AND {time} < %(finer_from)s
    UNION ALL
    SELECT {subject}, {time}, 1, NULL, NULL, {value}::float8
    FROM {samples}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
        AND {time} >= %(finer_until)s AND {time} < %(until)s
    UNION ALL
    SELECT stale.subject, late.{time}, 1, NULL, NULL, late.{value}::float8
    FROM stale
    JOIN {samples} AS late ON late.{subject} = stale.subject AND late.{time} >= stale.since AND late.{time} < stale.until
        AND late.{value} IS NOT NULL
)
SELECT subject, date_bin(%(step)s, at, %(origin)s) AS at, sum(n)::bigint AS n,
    CASE WHEN count(*) = 1 THEN max(p95) END AS alone, string_agg(sketch, ''::bytea) AS sketches,
    array_agg(value) FILTER (WHERE value IS NOT NULL) AS samples
FROM parts
GROUP BY 1, 2
