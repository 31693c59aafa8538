-- Takes the vitals of a piece of a correction away and keeps just these: one statement, for between two of them a sample
-- could arrive that the second takes and the first did not keep.
WITH gone AS (
    DELETE FROM usage_metrics
    WHERE node_id = %(node_id)s AND "timestamp" >= %(starts)s AND "timestamp" < %(ends)s
    RETURNING *
)
INSERT INTO corrected_usage (
    correction_id, "timestamp",
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT %(correction_id)s, "timestamp",
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
FROM gone
