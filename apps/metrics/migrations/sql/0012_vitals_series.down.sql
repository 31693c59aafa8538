DROP INDEX metric_series_of_vitals;
-- The few series that vitals are made of, among the thousands a node may have.
CREATE INDEX metric_series_of_vitals ON metric_series (node_id) WHERE metric_type IN (
    'cpu_usage_idle', 'cpu_usage_iowait', 'disk_used_percent', 'diskio_read_bytes', 'diskio_write_bytes',
    'mem_available', 'mem_total', 'net_bytes_recv', 'net_bytes_sent', 'node_boot_time_seconds',
    'node_cpu_seconds_total', 'node_disk_read_bytes_total', 'node_disk_written_bytes_total',
    'node_filesystem_avail_bytes', 'node_filesystem_free_bytes', 'node_filesystem_size_bytes', 'node_load1',
    'node_memory_MemAvailable_bytes', 'node_memory_MemTotal_bytes', 'node_memory_SwapFree_bytes',
    'node_memory_SwapTotal_bytes', 'node_network_receive_bytes_total', 'node_network_transmit_bytes_total',
    'node_processes_pids', 'processes_total', 'swap_used_percent', 'system.cpu.load_average.1m',
    'system.cpu.time', 'system.disk.io', 'system.filesystem.usage', 'system.memory.usage',
    'system.network.io', 'system.paging.usage', 'system.uptime', 'system_load1', 'system_uptime'
);
