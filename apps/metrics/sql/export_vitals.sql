-- Vitals of nodes as CSV, in the order in which they are stored: sorting a million rows would need the disk. `few` are the
-- nodes where they are so few that each has its own look at the index, else empty.
COPY (
    SELECT timestamp AS "time", named.hostname, node_id, {columns}
    FROM usage_metrics
    JOIN unnest(%(subjects)s::uuid[], %(names)s::text[]) AS named (node_id, hostname) USING (node_id)
    WHERE (%(few)s::uuid[] IS NULL OR node_id = ANY (%(few)s::uuid[])) AND timestamp >= %(since)s AND timestamp < %(until)s
) TO STDOUT (FORMAT csv, HEADER)
