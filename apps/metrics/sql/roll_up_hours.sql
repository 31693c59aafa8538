SELECT roll_up_hours(%(node_ids)s::uuid[], %(buckets)s::timestamptz[], %(over)s::boolean[])
