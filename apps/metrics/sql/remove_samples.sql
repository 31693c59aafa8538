DELETE FROM metric_samples
WHERE series_id = %(series_id)s AND "time" >= %(starts)s AND "time" < %(ends)s
