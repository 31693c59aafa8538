-- The newest values of nodes whose newest sample lies in the span, read anew from the samples: the newest that is left,
-- or none of them when none is left of eight days.
UPDATE node_latest AS l SET
    at = coalesce(newest.timestamp, l.at),
    cpu_percent = newest.cpu_percent, cpu_per_core = newest.cpu_per_core, cpu_temp = newest.cpu_temp, load_1m =
    newest.load_1m, ram_percent = newest.ram_percent, ram_used_gb = newest.ram_used_gb, swap_percent =
    newest.swap_percent, gpu_utilization = newest.gpu_utilization, gpu_memory_percent =
    newest.gpu_memory_percent, gpu_temp = newest.gpu_temp, disk_percent = newest.disk_percent, disk_read_mb_s =
    newest.disk_read_mb_s, disk_write_mb_s = newest.disk_write_mb_s, disk_io_wait_percent =
    newest.disk_io_wait_percent, net_sent_mb_s = newest.net_sent_mb_s, net_recv_mb_s = newest.net_recv_mb_s,
    process_count = newest.process_count, uptime_seconds = newest.uptime_seconds
FROM node_latest AS before
LEFT JOIN LATERAL (
    SELECT m.* FROM usage_metrics m
    WHERE m.node_id = before.node_id AND m.timestamp <= before.at AND m.timestamp > before.at - interval '8 days'
    ORDER BY m.timestamp DESC LIMIT 1
) AS newest ON true
WHERE l.node_id = before.node_id AND before.at >= %(start)s AND before.at < %(end)s
  AND (%(node_ids)s::uuid[] IS NULL OR l.node_id = ANY (%(node_ids)s::uuid[]))
