-- Adds samples that are not there yet, in an order that keeps two senders from waiting for each other.
WITH added AS (
    INSERT INTO metric_samples (series_id, "time", value)
    SELECT s.series_id, '2000-01-01 00:00:00+00'::timestamptz + s.at * interval '1 microsecond', s.value
    FROM unnest(%(series)s::integer[], %(times)s::bigint[], %(values)s::double precision[]) AS s (series_id, at, value)
    ORDER BY s.series_id, s.at
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) AS stored FROM added
