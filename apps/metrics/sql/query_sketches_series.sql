-- The same as for vitals, of series.
COPY (
    SELECT string_agg(int4send(series_id), ''::bytea), string_agg(int4send(sample_count), ''::bytea), string_agg(sketch, ''::bytea)
    FROM metric_hourly
    WHERE series_id = ANY (%(subjects)s::int4[]) AND bucket >= %(finer_from)s AND bucket < %(finer_until)s
        AND sketch IS NOT NULL
) TO STDOUT (FORMAT binary)
