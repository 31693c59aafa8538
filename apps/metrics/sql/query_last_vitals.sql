-- The newest value of a vital over [head_from, until), by node and step.
SELECT node_id AS subject, date_bin(%(step)s, timestamp, %(origin)s) AS at, count(*) AS n,
    (max(ARRAY[extract(epoch FROM timestamp)::float8, {value}::float8]))[2] AS value
FROM usage_metrics
WHERE (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[])) AND {value} IS NOT NULL
    AND timestamp >= %(head_from)s AND timestamp < %(until)s
GROUP BY 1, 2
