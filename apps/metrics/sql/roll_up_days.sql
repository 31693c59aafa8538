SELECT roll_up_days(%(node_ids)s::uuid[], %(buckets)s::timestamptz[])
