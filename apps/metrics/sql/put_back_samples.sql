-- Puts removed samples back, unless there is one of that moment by now.
INSERT INTO metric_samples (series_id, "time", value)
SELECT %(series_id)s, "time", value
FROM corrected_samples
WHERE correction_id = %(correction_id)s AND "time" >= %(starts)s AND "time" < %(ends)s
ORDER BY "time"
ON CONFLICT DO NOTHING
