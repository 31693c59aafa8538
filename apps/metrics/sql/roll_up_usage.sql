SELECT roll_up_usage(%(target)s::regclass, %(width)s::interval, %(node_ids)s::uuid[], %(buckets)s::timestamptz[])
