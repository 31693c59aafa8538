DROP TABLE rollup_barriers, usage_rollup_days;
DROP FUNCTION kept_since(regclass);
DO $$
DECLARE
    columns text := (SELECT string_agg(format('%I real', vital || '_' || kind), ', ' ORDER BY v.place, k.place)
        FROM unnest(string_to_array('cpu_percent,cpu_temp,load_1m,ram_percent,ram_used_gb,swap_percent,gpu_utilization,'
            'gpu_memory_percent,gpu_temp,disk_percent,disk_read_mb_s,disk_write_mb_s,disk_io_wait_percent,net_sent_mb_s,'
            'net_recv_mb_s,process_count', ',')) WITH ORDINALITY AS v (vital, place),
            unnest('{avg,min,max,p95}'::text[]) WITH ORDINALITY AS k (kind, place));
    has_chunks boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb');
BEGIN
    EXECUTE format('CREATE TABLE usage_hourly (node_id uuid NOT NULL, bucket timestamptz NOT NULL, sample_count integer NOT NULL,'
        ' %s, PRIMARY KEY (node_id, bucket))%s', columns, CASE WHEN NOT has_chunks THEN ' PARTITION BY RANGE (bucket)' END);
    IF has_chunks THEN
        PERFORM create_hypertable('usage_hourly', 'bucket', chunk_time_interval => interval '30 days');
    END IF;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_hourly TO omega_worker;
SELECT ensure_partitions('usage_hourly', '30 days',
    least((SELECT min(bucket) FROM usage_hourly_rolled), now() - interval '60 days'), now() + interval '60 days');
DO $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
        WHERE attrelid = 'usage_hourly_rolled'::regclass AND attnum > 0);
BEGIN
    EXECUTE format('INSERT INTO usage_hourly (%1$s) SELECT %1$s FROM usage_hourly_rolled', columns);
END
$$;
DROP TABLE usage_hourly_rolled;
SELECT publish_view('readable', 'usage_hourly', rows_of_node('usage_hourly'), fleet_readers()),
    publish_view('series', 'usage_hourly', rows_of_node('usage_hourly'), '{omega_portal}');
