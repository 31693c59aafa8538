-- The exact 95th percentile of samples over [head_from, until), by subject and step.
SELECT {subject} AS subject, date_bin(%(step)s, {time}, %(origin)s) AS at, count(*) AS n,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY {value}::float8) AS value
FROM {samples}
WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[])) AND {value} IS NOT NULL
    AND {time} >= %(head_from)s AND {time} < %(until)s
GROUP BY 1, 2
