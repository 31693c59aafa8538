-- The exact 95th percentile by subject and hour: told by the roll-up, or found from the samples of hours that are not rolled
-- up or wait to be so anew (`stale_…`). What lies between two bounded values is finite.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::{kind}[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), late AS (
    SELECT {subject} AS subject, {time} AS at, {value}::float8 AS value
    FROM {samples}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
        AND {time} >= %(finer_until)s AND {time} < %(until)s
    UNION ALL
    SELECT stale.subject, waiting.{time}, waiting.{value}::float8
    FROM stale
    JOIN {samples} AS waiting ON waiting.{subject} = stale.subject AND waiting.{time} >= stale.since
        AND waiting.{time} < stale.until AND waiting.{value} IS NOT NULL
)
SELECT {subject} AS subject, bucket AS at, {count}::bigint AS n, {p95}::float8 AS value
FROM {hourly} AS rolled
WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
    AND bucket >= %(finer_from)s AND bucket < %(finer_until)s AND {count} > 0
    AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
UNION ALL
SELECT subject, date_bin('1 hour', at, %(origin)s), count(*),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(least(value, 1e300), -1e300))
FROM late
GROUP BY 1, 2
