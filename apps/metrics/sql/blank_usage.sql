-- Sets the values that were kept for a piece of a correction to unknown. A value that came or changed since it was kept
-- stays: only what can be put back is taken.
UPDATE usage_metrics AS m
SET cpu_percent = nullif(m.cpu_percent, k.cpu_percent),
    cpu_per_core = nullif(m.cpu_per_core, k.cpu_per_core),
    cpu_temp = nullif(m.cpu_temp, k.cpu_temp),
    load_1m = nullif(m.load_1m, k.load_1m),
    ram_percent = nullif(m.ram_percent, k.ram_percent),
    ram_used_gb = nullif(m.ram_used_gb, k.ram_used_gb),
    swap_percent = nullif(m.swap_percent, k.swap_percent),
    gpu_utilization = nullif(m.gpu_utilization, k.gpu_utilization),
    gpu_memory_percent = nullif(m.gpu_memory_percent, k.gpu_memory_percent),
    gpu_temp = nullif(m.gpu_temp, k.gpu_temp),
    disk_percent = nullif(m.disk_percent, k.disk_percent),
    disk_read_mb_s = nullif(m.disk_read_mb_s, k.disk_read_mb_s),
    disk_write_mb_s = nullif(m.disk_write_mb_s, k.disk_write_mb_s),
    disk_io_wait_percent = nullif(m.disk_io_wait_percent, k.disk_io_wait_percent),
    net_sent_mb_s = nullif(m.net_sent_mb_s, k.net_sent_mb_s),
    net_recv_mb_s = nullif(m.net_recv_mb_s, k.net_recv_mb_s),
    process_count = nullif(m.process_count, k.process_count),
    uptime_seconds = nullif(m.uptime_seconds, k.uptime_seconds)
FROM corrected_usage AS k
WHERE k.correction_id = %(correction_id)s AND k."timestamp" >= %(starts)s AND k."timestamp" < %(ends)s
  AND m.node_id = %(node_id)s AND m."timestamp" = k."timestamp"
  AND m."timestamp" >= %(starts)s AND m."timestamp" < %(ends)s
