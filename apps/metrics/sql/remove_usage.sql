DELETE FROM usage_metrics
WHERE node_id = %(node_id)s AND "timestamp" >= %(starts)s AND "timestamp" < %(ends)s
