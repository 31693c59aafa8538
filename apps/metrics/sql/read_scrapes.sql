-- Samples of some series since a time, as three runs of big-endian numbers side by side: one walk along the index, and
-- one row. Times are microseconds since 2000.
SELECT string_agg(int4send(m.series_id), ''::bytea) AS series, string_agg(timestamptz_send(m."time"), ''::bytea) AS times,
       string_agg(float8send(m.value), ''::bytea) AS "values"
FROM metric_samples AS m
WHERE m.series_id = ANY (%(series)s::integer[]) AND m."time" >= %(starts)s AND m."time" < %(ends)s
