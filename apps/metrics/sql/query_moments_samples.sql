-- Count, sum, least and greatest of samples over [head_from, until), by subject and step.
SELECT {subject} AS subject, date_bin(%(step)s, {time}, %(origin)s) AS at, count(*) AS n, sum({value}::float8) AS total,
    min({value})::float8 AS low, max({value})::float8 AS high
FROM {samples}
WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
    AND {time} >= %(head_from)s AND {time} < %(until)s
GROUP BY 1, 2
