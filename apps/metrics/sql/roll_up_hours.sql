SELECT roll_up_hours(%(node_ids)s::uuid[], %(buckets)s::timestamptz[], %(over)s::boolean[], (
    SELECT date_trunc('day', coalesce(%(now)s, clock_timestamp()) - make_interval(days => keep_days), 'UTC')
    FROM retention_policies WHERE table_name = 'usage_sketches'))
