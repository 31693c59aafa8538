-- Puts removed vitals back, unless there is a sample of that moment by now.
INSERT INTO usage_metrics (
    node_id, "timestamp",
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT %(node_id)s, "timestamp",
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
FROM corrected_usage
WHERE correction_id = %(correction_id)s AND "timestamp" >= %(starts)s AND "timestamp" < %(ends)s
ORDER BY "timestamp"
ON CONFLICT DO NOTHING
