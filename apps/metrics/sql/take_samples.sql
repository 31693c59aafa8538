-- Takes the samples of a piece of a correction away and keeps just these: one statement, for between two of them a sample
-- could arrive that the second takes and the first did not keep.
WITH gone AS (
    DELETE FROM metric_samples
    WHERE series_id = %(series_id)s AND "time" >= %(starts)s AND "time" < %(ends)s
    RETURNING "time", value
)
INSERT INTO corrected_samples (correction_id, "time", value)
SELECT %(correction_id)s, "time", value FROM gone
