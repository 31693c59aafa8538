-- One row of vitals a scrape: made once, completed when a late part of the scrape changes it. Returns what was touched.
INSERT INTO usage_metrics AS u (
    node_id, "timestamp", cpu_percent, cpu_per_core, load_1m, ram_percent, ram_used_gb, swap_percent, disk_percent,
    disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent, net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT r.node_id, to_timestamp(r.at), r.cpu_percent, r.cpu_per_core, r.load_1m, r.ram_percent, r.ram_used_gb,
       r.swap_percent, r.disk_percent, r.disk_read_mb_s, r.disk_write_mb_s, r.disk_io_wait_percent, r.net_sent_mb_s,
       r.net_recv_mb_s, r.process_count, r.uptime_seconds
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    node_id uuid, at double precision, cpu_percent real, cpu_per_core jsonb, load_1m real, ram_percent real,
    ram_used_gb real, swap_percent real, disk_percent real, disk_read_mb_s real, disk_write_mb_s real,
    disk_io_wait_percent real, net_sent_mb_s real, net_recv_mb_s real, process_count integer,
    uptime_seconds double precision
)
ORDER BY r.node_id, r.at
ON CONFLICT (node_id, "timestamp") DO UPDATE SET
    cpu_percent = excluded.cpu_percent, cpu_per_core = excluded.cpu_per_core, load_1m = excluded.load_1m,
    ram_percent = excluded.ram_percent, ram_used_gb = excluded.ram_used_gb, swap_percent = excluded.swap_percent,
    disk_percent = excluded.disk_percent, disk_read_mb_s = excluded.disk_read_mb_s,
    disk_write_mb_s = excluded.disk_write_mb_s, disk_io_wait_percent = excluded.disk_io_wait_percent,
    net_sent_mb_s = excluded.net_sent_mb_s, net_recv_mb_s = excluded.net_recv_mb_s,
    process_count = excluded.process_count, uptime_seconds = excluded.uptime_seconds
WHERE (u.cpu_percent, u.load_1m, u.ram_percent, u.swap_percent, u.disk_percent, u.disk_read_mb_s, u.disk_write_mb_s,
       u.net_sent_mb_s, u.net_recv_mb_s, u.process_count)
    IS DISTINCT FROM
      (excluded.cpu_percent, excluded.load_1m, excluded.ram_percent, excluded.swap_percent, excluded.disk_percent,
       excluded.disk_read_mb_s, excluded.disk_write_mb_s, excluded.net_sent_mb_s, excluded.net_recv_mb_s,
       excluded.process_count)
RETURNING node_id, "timestamp"
