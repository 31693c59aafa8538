-- Sets the chosen columns of a piece of a correction to unknown, where they hold a value.
UPDATE usage_metrics
SET cpu_percent = CASE WHEN 'cpu_percent' = ANY (%(columns)s) THEN NULL ELSE cpu_percent END,
    cpu_per_core = CASE WHEN 'cpu_per_core' = ANY (%(columns)s) THEN NULL ELSE cpu_per_core END,
    cpu_temp = CASE WHEN 'cpu_temp' = ANY (%(columns)s) THEN NULL ELSE cpu_temp END,
    load_1m = CASE WHEN 'load_1m' = ANY (%(columns)s) THEN NULL ELSE load_1m END,
    ram_percent = CASE WHEN 'ram_percent' = ANY (%(columns)s) THEN NULL ELSE ram_percent END,
    ram_used_gb = CASE WHEN 'ram_used_gb' = ANY (%(columns)s) THEN NULL ELSE ram_used_gb END,
    swap_percent = CASE WHEN 'swap_percent' = ANY (%(columns)s) THEN NULL ELSE swap_percent END,
    gpu_utilization = CASE WHEN 'gpu_utilization' = ANY (%(columns)s) THEN NULL ELSE gpu_utilization END,
    gpu_memory_percent = CASE WHEN 'gpu_memory_percent' = ANY (%(columns)s) THEN NULL ELSE gpu_memory_percent END,
    gpu_temp = CASE WHEN 'gpu_temp' = ANY (%(columns)s) THEN NULL ELSE gpu_temp END,
    disk_percent = CASE WHEN 'disk_percent' = ANY (%(columns)s) THEN NULL ELSE disk_percent END,
    disk_read_mb_s = CASE WHEN 'disk_read_mb_s' = ANY (%(columns)s) THEN NULL ELSE disk_read_mb_s END,
    disk_write_mb_s = CASE WHEN 'disk_write_mb_s' = ANY (%(columns)s) THEN NULL ELSE disk_write_mb_s END,
    disk_io_wait_percent = CASE WHEN 'disk_io_wait_percent' = ANY (%(columns)s) THEN NULL ELSE disk_io_wait_percent END,
    net_sent_mb_s = CASE WHEN 'net_sent_mb_s' = ANY (%(columns)s) THEN NULL ELSE net_sent_mb_s END,
    net_recv_mb_s = CASE WHEN 'net_recv_mb_s' = ANY (%(columns)s) THEN NULL ELSE net_recv_mb_s END,
    process_count = CASE WHEN 'process_count' = ANY (%(columns)s) THEN NULL ELSE process_count END,
    uptime_seconds = CASE WHEN 'uptime_seconds' = ANY (%(columns)s) THEN NULL ELSE uptime_seconds END
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
