-- Keeps the chosen columns of a piece of a correction, where they hold a value.
INSERT INTO corrected_usage (
    correction_id, "timestamp",
    cpu_percent, cpu_per_core, cpu_temp, load_1m, ram_percent, ram_used_gb, swap_percent, gpu_utilization,
    gpu_memory_percent, gpu_temp, disk_percent, disk_read_mb_s, disk_write_mb_s, disk_io_wait_percent,
    net_sent_mb_s, net_recv_mb_s, process_count, uptime_seconds
)
SELECT %(correction_id)s, "timestamp",
    CASE WHEN 'cpu_percent' = ANY (%(columns)s) THEN cpu_percent END,
    CASE WHEN 'cpu_per_core' = ANY (%(columns)s) THEN cpu_per_core END,
    CASE WHEN 'cpu_temp' = ANY (%(columns)s) THEN cpu_temp END,
    CASE WHEN 'load_1m' = ANY (%(columns)s) THEN load_1m END,
    CASE WHEN 'ram_percent' = ANY (%(columns)s) THEN ram_percent END,
    CASE WHEN 'ram_used_gb' = ANY (%(columns)s) THEN ram_used_gb END,
    CASE WHEN 'swap_percent' = ANY (%(columns)s) THEN swap_percent END,
    CASE WHEN 'gpu_utilization' = ANY (%(columns)s) THEN gpu_utilization END,
    CASE WHEN 'gpu_memory_percent' = ANY (%(columns)s) THEN gpu_memory_percent END,
    CASE WHEN 'gpu_temp' = ANY (%(columns)s) THEN gpu_temp END,
    CASE WHEN 'disk_percent' = ANY (%(columns)s) THEN disk_percent END,
    CASE WHEN 'disk_read_mb_s' = ANY (%(columns)s) THEN disk_read_mb_s END,
    CASE WHEN 'disk_write_mb_s' = ANY (%(columns)s) THEN disk_write_mb_s END,
    CASE WHEN 'disk_io_wait_percent' = ANY (%(columns)s) THEN disk_io_wait_percent END,
    CASE WHEN 'net_sent_mb_s' = ANY (%(columns)s) THEN net_sent_mb_s END,
    CASE WHEN 'net_recv_mb_s' = ANY (%(columns)s) THEN net_recv_mb_s END,
    CASE WHEN 'process_count' = ANY (%(columns)s) THEN process_count END,
    CASE WHEN 'uptime_seconds' = ANY (%(columns)s) THEN uptime_seconds END
FROM usage_metrics
WHERE node_id = %(node_id)s AND "timestamp" >= %(starts)s AND "timestamp" < %(ends)s
  AND (('cpu_percent' = ANY (%(columns)s) AND cpu_percent IS NOT NULL)
       OR ('cpu_per_core' = ANY (%(columns)s) AND cpu_per_core IS NOT NULL)
       OR ('cpu_temp' = ANY (%(columns)s) AND cpu_temp IS NOT NULL)
       OR ('load_1m' = ANY (%(columns)s) AND load_1m IS NOT NULL)
       OR ('ram_percent' = ANY (%(columns)s) AND ram_percent IS NOT NULL)
       OR ('ram_used_gb' = ANY (%(columns)s) AND ram_used_gb IS NOT NULL)
       OR ('swap_percent' = ANY (%(columns)s) AND swap_percent IS NOT NULL)
       OR ('gpu_utilization' = ANY (%(columns)s) AND gpu_utilization IS NOT NULL)
       OR ('gpu_memory_percent' = ANY (%(columns)s) AND gpu_memory_percent IS NOT NULL)
       OR ('gpu_temp' = ANY (%(columns)s) AND gpu_temp IS NOT NULL)
       OR ('disk_percent' = ANY (%(columns)s) AND disk_percent IS NOT NULL)
       OR ('disk_read_mb_s' = ANY (%(columns)s) AND disk_read_mb_s IS NOT NULL)
       OR ('disk_write_mb_s' = ANY (%(columns)s) AND disk_write_mb_s IS NOT NULL)
       OR ('disk_io_wait_percent' = ANY (%(columns)s) AND disk_io_wait_percent IS NOT NULL)
       OR ('net_sent_mb_s' = ANY (%(columns)s) AND net_sent_mb_s IS NOT NULL)
       OR ('net_recv_mb_s' = ANY (%(columns)s) AND net_recv_mb_s IS NOT NULL)
       OR ('process_count' = ANY (%(columns)s) AND process_count IS NOT NULL)
       OR ('uptime_seconds' = ANY (%(columns)s) AND uptime_seconds IS NOT NULL))
