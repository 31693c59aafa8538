SELECT publish_view('readable', part.name::regclass, rows_of_node(part.name), fleet_readers()),
    publish_view('series', part.name::regclass, rows_of_node(part.name), '{omega_portal}')
FROM unnest(ARRAY['usage_hourly', 'usage_daily']) AS part (name);
SELECT publish_view('readable', 'metric_hourly', rows_of_series('metric_hourly'), fleet_readers()),
    publish_view('series', 'metric_hourly', rows_of_series('metric_hourly'), '{omega_portal}');
-- Readers leave out the hours and days on the queues and look at their samples instead.
SELECT publish_view('series', part.name::regclass, rows_of_node(part.name), '{omega_portal}')
FROM unnest(ARRAY['usage_rollup_queue', 'usage_rollup_days']) AS part (name);

-- Computes hours of nodes anew from the samples, whatever they were before; those older than all samples that are kept stay
-- as they are. Hours not over yet get no sketches: readers take these from the samples; nor do those before `sketched_since`, whose
-- sketches are no longer kept. The arrays are of equal length.
-- Called by the worker, with the worker's rights.
CREATE FUNCTION roll_up_hours(node_ids uuid[], buckets timestamptz[], are_over boolean[], sketched_since timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    since timestamptz := (SELECT min(bucket) FROM unnest(buckets) AS bucket);
    until timestamptz := (SELECT max(bucket) FROM unnest(buckets) AS bucket) + interval '1 hour';
    kept  timestamptz := greatest(since, public.kept_since('public.usage_metrics'));
BEGIN
    -- The bounds as constants let the planner leave out partitions.
    EXECUTE format('DELETE FROM public.usage_hourly AS r USING unnest($1, $2) AS h (node_id, bucket)'
        ' WHERE r.node_id = h.node_id AND r.bucket = h.bucket AND r.bucket >= %L AND r.bucket < %L', kept, until)
        USING node_ids, buckets;
    EXECUTE format('DELETE FROM public.usage_sketches AS r USING unnest($1, $2) AS h (node_id, bucket), unnest($3) AS v (vital)'
        ' WHERE r.vital = v.vital AND r.node_id = h.node_id AND r.bucket = h.bucket AND r.bucket >= %L AND r.bucket < %L', kept, until)
        USING node_ids, buckets, public.rolled_vitals();
    EXECUTE format('WITH rolled AS MATERIALIZED (SELECT m.node_id, h.bucket, count(*) AS sample_count, %1$s, %2$s'
        ' FROM unnest($1, $2, $3) AS h (node_id, bucket, is_over) JOIN public.usage_metrics AS m ON m.node_id = h.node_id'
        ' AND m."timestamp" >= h.bucket AND m."timestamp" < h.bucket + ''1 hour''::interval'
        ' WHERE m."timestamp" >= %3$L AND m."timestamp" < %4$L GROUP BY m.node_id, h.bucket, h.is_over),'
        ' sketched AS (INSERT INTO public.usage_sketches (vital, node_id, bucket, value_count, p95, sketch)'
        ' SELECT * FROM (%5$s) AS narrow WHERE bucket >= coalesce($4, ''-infinity'') ORDER BY 1, 2, 3)'
        ' INSERT INTO public.usage_hourly (node_id, bucket, sample_count, %6$s) SELECT node_id, bucket, sample_count, %6$s FROM rolled',
        public.rolled_formulas('1 hour', 'bucket'),
        (SELECT string_agg(format('CASE WHEN is_over THEN %s END AS %I', public.sketch_formula(vital, '1 hour', 'bucket'),
            vital || '_sketch'), ', ') FROM unnest(public.rolled_vitals()) AS vital),
        since, until, public.sketches_of('rolled'), public.rolled_names('1 hour'))
        USING node_ids, buckets, are_over, sketched_since;
END
$$;
-- Computes days of nodes anew in the same way.
CREATE FUNCTION roll_up_days(node_ids uuid[], buckets timestamptz[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    since timestamptz := (SELECT min(bucket) FROM unnest(buckets) AS bucket);
    until timestamptz := (SELECT max(bucket) FROM unnest(buckets) AS bucket) + interval '1 day';
BEGIN
    EXECUTE format('DELETE FROM public.usage_daily AS r USING unnest($1, $2) AS h (node_id, bucket)'
        ' WHERE r.node_id = h.node_id AND r.bucket = h.bucket AND r.bucket >= %L AND r.bucket < %L',
        greatest(since, public.kept_since('public.usage_metrics')), until)
        USING node_ids, buckets;
    EXECUTE format('INSERT INTO public.usage_daily (node_id, bucket, sample_count, %s) SELECT m.node_id, h.bucket, count(*), %s'
        ' FROM unnest($1, $2) AS h (node_id, bucket) JOIN public.usage_metrics AS m ON m.node_id = h.node_id'
        ' AND m."timestamp" >= h.bucket AND m."timestamp" < h.bucket + ''1 day''::interval'
        ' WHERE m."timestamp" >= %L AND m."timestamp" < %L GROUP BY m.node_id, h.bucket',
        public.rolled_names('1 day'), public.rolled_formulas('1 day', 'bucket'), since, until)
        USING node_ids, buckets;
END
$$;
GRANT EXECUTE ON FUNCTION roll_up_hours(uuid[], timestamptz[], boolean[], timestamptz), roll_up_days(uuid[], timestamptz[]),
    rolled_columns(interval, text), rolled_names(interval), rolled_formulas(interval, text), sketch_formula(text, interval, text),
    sketches_of(text), rolled_vitals() TO omega_worker;

-- From which day on hours have sketches, when there are hours before it that have none any more; else NULL. What is stored
-- counts, not what is to be kept: a period that is made longer brings nothing back. Runs as the owner, because partitions are not for
-- everybody; it tells of a day only.
CREATE FUNCTION sketches_since() RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    pieces CONSTANT text := 'SELECT min(range_start) FROM timescaledb_information.chunks'
        ' WHERE (hypertable_schema, hypertable_name) IN (SELECT ''public'', $1 UNION ALL'
        ' SELECT materialization_hypertable_schema, materialization_hypertable_name'
        ' FROM timescaledb_information.continuous_aggregates WHERE view_schema = ''public'' AND view_name = $1)';
    kind   "char" := (SELECT relkind FROM pg_class WHERE oid = 'public.usage_sketches'::regclass);
    since  timestamptz;
    hours  timestamptz;
BEGIN
    IF kind = 'p' THEN
        SELECT min((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz) INTO since
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'public.usage_sketches'::regclass;
    ELSE
        EXECUTE pieces INTO since USING CASE kind WHEN 'v' THEN 'usage_sketches_wide' ELSE 'usage_sketches' END;
    END IF;
    IF kind = 'v' THEN
        EXECUTE pieces INTO hours USING 'usage_hourly';
    ELSE
        SELECT min(bucket) INTO hours FROM public.usage_hourly;
    END IF;
    RETURN CASE WHEN hours < coalesce(since, 'infinity') THEN coalesce(since, date_trunc('day', now(), 'UTC')) END;
END
$$;
REVOKE EXECUTE ON FUNCTION sketches_since() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sketches_since() TO omega_portal, omega_worker;

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
    IF base IS NULL OR base NOT IN ('usage_metrics', 'usage_hourly', 'usage_daily', 'usage_sketches', 'metric_samples', 'metric_hourly',
                                    'process_snapshots', 'node_heartbeats') THEN
        RAISE EXCEPTION '% is kept', target USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF base = 'usage_sketches' THEN
        base := 'usage_sketches_wide';
        target := 'public.usage_sketches_wide'::regclass;
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
