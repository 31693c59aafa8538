-- A sample every `step` of every node over [since, until), all vitals filled, the same values each time; marks all hours.
WITH seeded AS MATERIALIZED (SELECT setseed(0.42)),
written AS (
    INSERT INTO usage_metrics (
        node_id, timestamp, cpu_percent, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
        gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent, net_sent_mb_s,
        net_recv_mb_s, process_count, uptime_seconds
    )
    SELECT n.node_id, t.at, r.v, 40 + r.v / 4, r.v / 12, 100 - r.v, r.v / 4, r.v / 9, r.v, r.v / 2, 35 + r.v / 3, 50 + r.v / 3,
        r.v, r.v / 2, r.v / 20, r.v / 3, r.v / 5, 100 + r.v::integer, extract(epoch FROM t.at - %(since)s::timestamptz)
    FROM seeded,
        generate_series(%(since)s::timestamptz, %(until)s::timestamptz - %(step)s::interval, %(step)s::interval) AS t (at)
    CROSS JOIN nodes AS n
    CROSS JOIN LATERAL (SELECT (random() * 100)::real AS v WHERE n.node_id IS NOT NULL AND t.at IS NOT NULL) AS r
    RETURNING 1
), marked AS (
    INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
    SELECT n.node_id, h.hour, h.hour
    FROM nodes AS n
    CROSS JOIN generate_series(date_trunc('hour', %(since)s::timestamptz), %(until)s::timestamptz - %(step)s::interval, '1 hour')
        AS h (hour)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM written
