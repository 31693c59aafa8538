-- Whoever writes samples locks the notes of their series before anything else.
SELECT series_id FROM metric_series WHERE series_id = %(series_id)s FOR NO KEY UPDATE
