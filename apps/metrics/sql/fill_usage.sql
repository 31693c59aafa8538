-- Puts values back that were set to unknown, unless there is a value by now.
UPDATE usage_metrics AS m
SET cpu_percent = coalesce(m.cpu_percent, k.cpu_percent),
    cpu_per_core = coalesce(m.cpu_per_core, k.cpu_per_core),
    cpu_temp = coalesce(m.cpu_temp, k.cpu_temp),
    load_1m = coalesce(m.load_1m, k.load_1m),
    ram_percent = coalesce(m.ram_percent, k.ram_percent),
    ram_used_gb = coalesce(m.ram_used_gb, k.ram_used_gb),
    swap_percent = coalesce(m.swap_percent, k.swap_percent),
    gpu_utilization = coalesce(m.gpu_utilization, k.gpu_utilization),
    gpu_memory_percent = coalesce(m.gpu_memory_percent, k.gpu_memory_percent),
    gpu_temp = coalesce(m.gpu_temp, k.gpu_temp),
    disk_percent = coalesce(m.disk_percent, k.disk_percent),
    disk_read_mb_s = coalesce(m.disk_read_mb_s, k.disk_read_mb_s),
    disk_write_mb_s = coalesce(m.disk_write_mb_s, k.disk_write_mb_s),
    disk_io_wait_percent = coalesce(m.disk_io_wait_percent, k.disk_io_wait_percent),
    net_sent_mb_s = coalesce(m.net_sent_mb_s, k.net_sent_mb_s),
    net_recv_mb_s = coalesce(m.net_recv_mb_s, k.net_recv_mb_s),
    process_count = coalesce(m.process_count, k.process_count),
    uptime_seconds = coalesce(m.uptime_seconds, k.uptime_seconds)
FROM corrected_usage AS k
WHERE k.correction_id = %(correction_id)s AND k."timestamp" >= %(starts)s AND k."timestamp" < %(ends)s
  AND m.node_id = %(node_id)s AND m."timestamp" = k."timestamp"
  AND m."timestamp" >= %(starts)s AND m."timestamp" < %(ends)s
