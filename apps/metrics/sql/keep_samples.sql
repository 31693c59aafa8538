INSERT INTO corrected_samples (correction_id, "time", value)
SELECT %(correction_id)s, "time", value
FROM metric_samples
WHERE series_id = %(series_id)s AND "time" >= %(starts)s AND "time" < %(ends)s
