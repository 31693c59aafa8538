-- The newest vitals of a node as a row of JSON, written when they are: whoever watches the whole fleet reads text that is
-- there already. The order is that of apps/metrics/selectors/fleet_latest.py; times are seconds since 1970, and what is no
-- number is null.
DO $$
DECLARE
    vitals text := (
        SELECT string_agg(format($f$coalesce(nullif(nullif(nullif(%I, 'NaN'), 'Infinity'), '-Infinity')::text, 'null')$f$, name),
            $f$ || ',' || $f$ ORDER BY place)
        FROM unnest(ARRAY['cpu_percent', 'cpu_temp', 'load_1m', 'ram_percent', 'ram_used_gb', 'swap_percent', 'gpu_utilization',
            'gpu_memory_percent', 'gpu_temp', 'disk_percent', 'disk_read_mb_s', 'disk_write_mb_s', 'disk_io_wait_percent',
            'net_sent_mb_s', 'net_recv_mb_s', 'uptime_seconds']) WITH ORDINALITY AS vital (name, place));
BEGIN
    EXECUTE format($f$
        ALTER TABLE node_latest ADD COLUMN as_json text GENERATED ALWAYS AS (
            '["' || node_id::text || '",' || coalesce(cpu_per_core::text, 'null') || ',' || coalesce(process_count::text, 'null')
            || ',' || %s || ',' || date_part('epoch', at - timestamptz '1970-01-01 00:00+00')::text
            || ',' || date_part('epoch', received_at - timestamptz '1970-01-01 00:00+00')::text || ']'
        ) STORED$f$, vitals);
END
$$;
