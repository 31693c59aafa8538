UPDATE metric_series s
SET last_sample_at = greatest(s.last_sample_at, to_timestamp(w.newest)),
    unit = coalesce(nullif(w.unit, ''), s.unit)
FROM jsonb_to_recordset(%(stale)s::jsonb) AS w (series_id integer, unit text, newest double precision)
WHERE s.series_id = w.series_id
