-- Makes the newest vitals of a node what its newest sample says, whatever they were. The row is locked by the caller.
INSERT INTO node_latest (
    node_id, at, received_at,
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT node_id, "timestamp", %(now)s,
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
FROM usage_metrics
WHERE node_id = %(node_id)s
ORDER BY "timestamp" DESC
LIMIT 1
ON CONFLICT (node_id) DO UPDATE SET
    at = excluded.at,
    cpu_percent = excluded.cpu_percent,
    cpu_per_core = excluded.cpu_per_core,
    cpu_temp = excluded.cpu_temp,
    load_1m = excluded.load_1m,
    ram_percent = excluded.ram_percent,
    ram_used_gb = excluded.ram_used_gb,
    swap_percent = excluded.swap_percent,
    gpu_utilization = excluded.gpu_utilization,
    gpu_memory_percent = excluded.gpu_memory_percent,
    gpu_temp = excluded.gpu_temp,
    disk_percent = excluded.disk_percent,
    disk_read_mb_s = excluded.disk_read_mb_s,
    disk_write_mb_s = excluded.disk_write_mb_s,
    disk_io_wait_percent = excluded.disk_io_wait_percent,
    net_sent_mb_s = excluded.net_sent_mb_s,
    net_recv_mb_s = excluded.net_recv_mb_s,
    process_count = excluded.process_count,
    uptime_seconds = excluded.uptime_seconds
