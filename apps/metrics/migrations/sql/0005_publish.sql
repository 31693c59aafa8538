SELECT publish_view('readable', part.name::regclass, rows_of_node(part.name), fleet_readers()),
    publish_view('series', part.name::regclass, rows_of_node(part.name), '{omega_portal}')
FROM unnest(ARRAY['usage_hourly', 'usage_daily']) AS part (name);
SELECT publish_view('readable', 'metric_hourly', rows_of_series('metric_hourly'), fleet_readers()),
    publish_view('series', 'metric_hourly', rows_of_series('metric_hourly'), '{omega_portal}');
-- Readers leave out the hours and days on the queues and look at their samples instead.
SELECT publish_view('series', part.name::regclass, rows_of_node(part.name), '{omega_portal}')
FROM unnest(ARRAY['usage_rollup_queue', 'usage_rollup_days']) AS part (name);

-- Computes the buckets of `target` anew from the samples, whatever they were before: hourly or daily by `width`. Buckets
-- older than all samples that are kept stay as they are.
-- The arrays are of equal length. Called by the worker, with the worker's rights.
CREATE FUNCTION roll_up_usage(target regclass, width interval, node_ids uuid[], buckets timestamptz[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    since timestamptz := (SELECT min(bucket) FROM unnest(buckets) AS bucket);
    until timestamptz := (SELECT max(bucket) FROM unnest(buckets) AS bucket) + width;
    names text := (SELECT string_agg(quote_ident(name), ', ') FROM public.rolled_columns());
BEGIN
    -- The bounds as constants let the planner leave out partitions.
    EXECUTE format('DELETE FROM %s AS r USING unnest($1, $2) AS h (node_id, bucket)'
        ' WHERE r.node_id = h.node_id AND r.bucket = h.bucket AND r.bucket >= %L AND r.bucket < %L',
        target, greatest(since, public.kept_since('public.usage_metrics')), until)
        USING node_ids, buckets;
    EXECUTE format('INSERT INTO %s (node_id, bucket, sample_count, %s) SELECT m.node_id, h.bucket, count(*), %s'
        ' FROM unnest($1, $2) AS h (node_id, bucket) JOIN public.usage_metrics AS m ON m.node_id = h.node_id'
        ' AND m."timestamp" >= h.bucket AND m."timestamp" < h.bucket + %L::interval'
        ' WHERE m."timestamp" >= %L AND m."timestamp" < %L GROUP BY m.node_id, h.bucket',
        target, names, public.rolled_formulas(width, 'bucket'), width, since, until)
        USING node_ids, buckets;
END
$$;
GRANT EXECUTE ON FUNCTION roll_up_usage(regclass, interval, uuid[], timestamptz[]), rolled_columns(),
    rolled_formulas(interval, text), rolled_vitals() TO omega_worker;

-- Where the server drops and compresses by itself, tells it when to; changes nothing that is so already. Measurements only.
CREATE FUNCTION keep_for(target regclass, keep interval, compress_after interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    base name := (SELECT relname FROM pg_class WHERE oid = target AND relnamespace = 'public'::regnamespace);
    kept interval;
    pressed interval;
BEGIN
    IF coalesce(current_setting('timescaledb.license', true), '') <> 'timescale' THEN
        RETURN;
    END IF;
    IF base IS NULL OR base NOT IN ('usage_metrics', 'usage_hourly', 'usage_daily', 'metric_samples', 'metric_hourly',
                                    'process_snapshots', 'node_heartbeats') THEN
        RAISE EXCEPTION '% is kept', target USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT max((config ->> 'drop_after')::interval), max((config ->> 'compress_after')::interval) INTO kept, pressed
    FROM timescaledb_information.jobs
    WHERE proc_name IN ('policy_retention', 'policy_compression') AND (hypertable_schema, hypertable_name) IN (
        SELECT 'public', base UNION ALL
        SELECT materialization_hypertable_schema, materialization_hypertable_name
        FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public' AND view_name = base);
    IF kept IS DISTINCT FROM keep THEN
        PERFORM remove_retention_policy(target, if_exists => true);
        PERFORM add_retention_policy(target, keep);
    END IF;
    IF pressed IS DISTINCT FROM compress_after AND (SELECT relkind FROM pg_class WHERE oid = target) <> 'v' THEN
        PERFORM remove_compression_policy(target, if_exists => true);
        IF compress_after IS NOT NULL THEN
            PERFORM add_compression_policy(target, compress_after);
        END IF;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION keep_for(regclass, interval, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_for(regclass, interval, interval) TO omega_worker;
