-- Count, sum, least and greatest of samples over [head_from, until), by subject and step; no value makes the sum overflow.
SELECT {subject} AS subject, date_bin(%(step)s, {time}, %(origin)s) AS at, count(*) AS n,
    sum(greatest(least({value}::float8, 1e300), -1e300)) AS total, min({value})::float8 AS low, max({value})::float8 AS high
FROM {samples}
WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
    AND {time} >= %(head_from)s AND {time} < %(until)s
GROUP BY 1, 2
