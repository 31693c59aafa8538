-- Vitals of nodes as CSV, oldest first. A host name that a spreadsheet would run as a formula gets an apostrophe.
COPY (
    WITH named AS MATERIALIZED (
        SELECT node_id, CASE WHEN hostname ~ E'^[-=+@\t\r\n]' THEN '''' || hostname ELSE hostname END AS hostname
        FROM nodes WHERE node_id = ANY (%(subjects)s::uuid[])
    )
    SELECT timestamp AS "time", named.hostname, node_id, {columns}
    FROM usage_metrics JOIN named USING (node_id)
    WHERE timestamp >= %(since)s AND timestamp < %(until)s
    ORDER BY timestamp
) TO STDOUT (FORMAT csv, HEADER)
