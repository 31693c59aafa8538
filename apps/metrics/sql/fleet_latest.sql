-- The newest vitals of every visible node as one text, nearly JSON: `["<node>",[<cores>],(<numbers>)` after one another,
-- NaN for what a node does not report. One row that is one text crosses the connection faster than a row for each node.
SELECT coalesce(string_agg(concat('["', found.node_id, '",', coalesce(found.cores::text, 'null'), ',', found.numbers), ','), '') AS found
FROM (
    SELECT latest.node_id, latest.cpu_per_core AS cores, ROW(
        coalesce(latest.cpu_percent, 'NaN'), coalesce(latest.cpu_temp, 'NaN'), coalesce(latest.load_1m, 'NaN'),
        coalesce(latest.ram_percent, 'NaN'), coalesce(latest.ram_used_gb, 'NaN'),
        coalesce(latest.swap_percent, 'NaN'), coalesce(latest.gpu_utilization, 'NaN'),
        coalesce(latest.gpu_memory_percent, 'NaN'), coalesce(latest.gpu_temp, 'NaN'),
        coalesce(latest.disk_percent, 'NaN'), coalesce(latest.disk_read_mb_s, 'NaN'),
        coalesce(latest.disk_write_mb_s, 'NaN'), coalesce(latest.disk_io_wait_percent, 'NaN'),
        coalesce(latest.net_sent_mb_s, 'NaN'), coalesce(latest.net_recv_mb_s, 'NaN'),
        coalesce(latest.process_count::float8, 'NaN'), coalesce(latest.uptime_seconds, 'NaN'),
        date_part('epoch', latest.at), date_part('epoch', latest.received_at)) AS numbers
    FROM node_latest AS latest
) AS found
