-- The time noted of a series is never later than its newest sample, also of those that a door may store without noting them
-- because it remembers the time that was noted before. Where no sample is left it lies before any that could still come.
UPDATE metric_series AS s
SET last_sample_at = coalesce(
    (SELECT m."time" FROM metric_samples AS m WHERE m.series_id = s.series_id ORDER BY m."time" DESC LIMIT 1),
    least(s.last_sample_at, %(now)s - interval '8 days')
)
WHERE s.series_id = %(series_id)s
