-- Count, sum, least and greatest by subject and step. The span is answered in parts: samples from `head_from`, hours from
-- `finer_from`, days from `rolled_from`, hours again from `rolled_until`, samples from `finer_until` to `until`.
-- Buckets that wait for their roll-up (`stale_…`) come from samples too. No `subjects` means all that the asker sees. What is
-- summed is bounded as in roll-ups, so that no value makes a sum overflow.
WITH stale AS (
    SELECT * FROM unnest(%(stale_subjects)s::{kind}[], %(stale_from)s::timestamptz[], %(stale_until)s::timestamptz[])
        AS waiting (subject, since, until)
), parts AS (
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {avg}::float8 * {count} AS total, {low}::float8 AS low,
        {high}::float8 AS high
    FROM {daily} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(rolled_from)s AND bucket < %(rolled_until)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {avg}::float8 * {count} AS total, {low}::float8 AS low,
        {high}::float8 AS high
    FROM {hourly} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(finer_from)s AND bucket < %(rolled_from)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject} AS subject, bucket AS at, {count} AS n, {avg}::float8 * {count} AS total, {low}::float8 AS low,
        {high}::float8 AS high
    FROM {hourly} AS rolled
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(rolled_until)s AND bucket < %(finer_until)s AND {count} > 0
        AND NOT EXISTS (SELECT FROM stale WHERE stale.subject = rolled.{subject} AND stale.since = bucket)
    UNION ALL
    SELECT {subject}, {time}, 1, greatest(least({value}::float8, 1e300), -1e300), {value}::float8, {value}::float8
    FROM {samples}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
        AND {time} >= %(head_from)s AND {time} < %(finer_from)s
    UNION ALL
    SELECT {subject}, {time}, 1, greatest(least({value}::float8, 1e300), -1e300), {value}::float8, {value}::float8
    FROM {samples}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
        AND {time} >= %(finer_until)s AND {time} < %(until)s
    UNION ALL
    SELECT stale.subject, late.{time}, 1, greatest(least(late.{value}::float8, 1e300), -1e300), late.{value}::float8, late.{value}::float8
    FROM stale
    JOIN {samples} AS late ON late.{subject} = stale.subject AND late.{time} >= stale.since AND late.{time} < stale.until
        AND late.{value} IS NOT NULL
)
SELECT subject, date_bin(%(step)s, at, %(origin)s) AS at, sum(n)::bigint AS n, sum(total) AS total, min(low) AS low,
    max(high) AS high
FROM parts
GROUP BY 1, 2
