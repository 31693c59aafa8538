-- Samples of named metrics as CSV, in the order in which they are stored. Text that a spreadsheet would run as a formula gets an apostrophe.
COPY (
    WITH named AS MATERIALIZED (
        SELECT series_id, node_id, s.labels::text AS labels, pool_id, session_id,
            CASE WHEN hostname ~ E'^[-=+@\t\r\n]' THEN '''' || hostname ELSE hostname END AS hostname,
            CASE WHEN metric_type ~ E'^[-=+@\t\r\n]' THEN '''' || metric_type ELSE metric_type END AS metric,
            CASE WHEN unit ~ E'^[-=+@\t\r\n]' THEN '''' || unit ELSE unit END AS unit
        FROM metric_series AS s LEFT JOIN nodes USING (node_id)
        WHERE series_id = ANY (%(subjects)s::int4[])
    )
    SELECT metric_samples.time, named.hostname, named.node_id, named.metric, named.labels, named.pool_id, named.session_id,
        metric_samples.value, named.unit
    FROM metric_samples JOIN named USING (series_id)
    WHERE series_id = ANY (%(subjects)s::int4[]) AND metric_samples.time >= %(since)s AND metric_samples.time < %(until)s
) TO STDOUT (FORMAT csv, HEADER)
