-- The time noted of a series is never later than its newest sample; none where no sample is left.
UPDATE metric_series AS s
SET last_sample_at = (
    SELECT m."time" FROM metric_samples AS m WHERE m.series_id = s.series_id ORDER BY m."time" DESC LIMIT 1
)
WHERE s.series_id = %(series_id)s
