-- Vitals of nodes as CSV, oldest first; `names` are host names by node. A join with `nodes` would need a sort on disk.
COPY (
    SELECT timestamp AS "time", %(names)s::jsonb ->> node_id::text AS hostname, node_id, {columns}
    FROM usage_metrics
    WHERE node_id = ANY (%(subjects)s::uuid[]) AND timestamp >= %(since)s AND timestamp < %(until)s
    ORDER BY timestamp
) TO STDOUT (FORMAT csv, HEADER)
