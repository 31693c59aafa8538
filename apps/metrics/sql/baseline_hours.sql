-- The hours of a vital, or of a metric of any name, before now: hour of the week in a time zone, mean, number of samples.
-- Several series of one name count together.
SELECT ((extract(isodow FROM h.bucket AT TIME ZONE %(zone)s) - 1) * 24 + extract(hour FROM h.bucket AT TIME ZONE %(zone)s))::integer
           AS slot, h.mean, h.count
FROM (
    SELECT u.bucket, u.{mean}::double precision AS mean, u.{count}::double precision AS count
    FROM usage_hourly u
    WHERE %(is_vital)s AND u.node_id = %(node_id)s AND u.bucket >= %(since)s AND u.bucket < %(until)s AND u.{mean} IS NOT NULL
    UNION ALL
    SELECT m.bucket, m.avg, m.sample_count::double precision
    FROM metric_hourly m
    JOIN metric_series s ON s.series_id = m.series_id
    WHERE NOT %(is_vital)s AND s.node_id = %(node_id)s AND s.metric_type = %(metric)s
      AND m.bucket >= %(since)s AND m.bucket < %(until)s AND m.avg IS NOT NULL
) AS h
