-- At most %(limit)s of the hours within [since, until) whose roll-up waits to be made anew, and the days within [days_since, days_until). No
-- `nodes` means all that the asker sees.
SELECT node_id, bucket
FROM usage_rollup_queue
WHERE (%(nodes)s::uuid[] IS NULL OR node_id = ANY (%(nodes)s::uuid[])) AND bucket >= %(since)s AND bucket < %(until)s
UNION
SELECT node_id, bucket
FROM usage_rollup_days
WHERE (%(nodes)s::uuid[] IS NULL OR node_id = ANY (%(nodes)s::uuid[])) AND bucket >= %(days_since)s AND bucket < %(days_until)s
LIMIT %(limit)s
