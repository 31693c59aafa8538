DROP FUNCTION drop_partitions(regclass, timestamptz);
DROP FUNCTION ensure_partitions(regclass, interval, timestamptz, timestamptz);
DROP FUNCTION is_hypertable(regclass);
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        DROP FUNCTION public.time_bucket(interval, timestamptz);
    END IF;
END
$$;
DROP SCHEMA readable;
