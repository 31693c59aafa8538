-- The newest vitals of each node, unless newer ones are there.
INSERT INTO node_latest AS l (
    node_id, at, received_at,
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT r.node_id, to_timestamp(r.at), %(now)s,
       r.cpu_percent, r.cpu_per_core, r.cpu_temp, r.load_1m, r.ram_percent, r.ram_used_gb,
       r.swap_percent, r.gpu_utilization, r.gpu_memory_percent, r.gpu_temp, r.disk_percent,
       r.disk_read_mb_s, r.disk_write_mb_s, r.disk_io_wait_percent, r.net_sent_mb_s, r.net_recv_mb_s,
       r.process_count, r.uptime_seconds
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    node_id uuid, at double precision, cpu_percent real, cpu_per_core jsonb, cpu_temp real, load_1m real,
    ram_percent real, ram_used_gb real, swap_percent real, gpu_utilization real, gpu_memory_percent real,
    gpu_temp real, disk_percent real, disk_read_mb_s real, disk_write_mb_s real,
    disk_io_wait_percent real, net_sent_mb_s real, net_recv_mb_s real, process_count integer,
    uptime_seconds double precision
)
ORDER BY r.node_id
ON CONFLICT (node_id) DO UPDATE SET
    at = excluded.at, received_at = excluded.received_at,
    cpu_percent = excluded.cpu_percent, cpu_per_core = excluded.cpu_per_core,
    cpu_temp = excluded.cpu_temp, load_1m = excluded.load_1m, ram_percent = excluded.ram_percent,
    ram_used_gb = excluded.ram_used_gb, swap_percent = excluded.swap_percent,
    gpu_utilization = excluded.gpu_utilization, gpu_memory_percent = excluded.gpu_memory_percent,
    gpu_temp = excluded.gpu_temp, disk_percent = excluded.disk_percent,
    disk_read_mb_s = excluded.disk_read_mb_s, disk_write_mb_s = excluded.disk_write_mb_s,
    disk_io_wait_percent = excluded.disk_io_wait_percent, net_sent_mb_s = excluded.net_sent_mb_s,
    net_recv_mb_s = excluded.net_recv_mb_s, process_count = excluded.process_count,
    uptime_seconds = excluded.uptime_seconds
WHERE l.at < excluded.at
