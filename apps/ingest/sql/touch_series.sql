-- Notes of series: the newest sample, unit and kind as last told, and whether the sender declared it ended.
WITH told AS (
    SELECT s.series_id, w.unit, w.kind, to_timestamp(w.newest) AS newest, to_timestamp(w.stale) AS stale
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS w (series_id integer, unit text, kind text, newest double precision, stale double precision)
    JOIN metric_series s USING (series_id)
    ORDER BY s.series_id
    FOR NO KEY UPDATE OF s
)
UPDATE metric_series s
SET last_sample_at = greatest(s.last_sample_at, t.newest),
    unit = coalesce(nullif(t.unit, ''), s.unit),
    kind = coalesce(nullif(t.kind, ''), s.kind),
    stale_at = CASE
        WHEN t.stale >= coalesce(greatest(s.last_sample_at, t.newest), t.stale) THEN t.stale
        WHEN greatest(s.last_sample_at, t.newest) > s.stale_at THEN NULL
        ELSE s.stale_at
    END
FROM told t
WHERE s.series_id = t.series_id
