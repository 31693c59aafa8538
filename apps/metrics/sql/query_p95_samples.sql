-- The exact 95th percentile of samples over [head_from, until), by subject and step, of values bounded so that what
-- lies between two of them is finite.
SELECT {subject} AS subject, date_bin(%(step)s, {time}, %(origin)s) AS at, count(*) AS n,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(least({value}::float8, 1e300), -1e300)) AS value
FROM {samples}
WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
    AND {time} >= %(head_from)s AND {time} < %(until)s
GROUP BY 1, 2
