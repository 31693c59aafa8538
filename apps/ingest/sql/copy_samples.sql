COPY metric_samples (series_id, "time", value) FROM STDIN (FORMAT binary)
