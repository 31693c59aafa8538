DROP VIEW readable.usage_hourly, series.usage_hourly;
-- What was rolled up before goes over into what takes its place; the samples it came from may be gone.
ALTER TABLE usage_hourly RENAME TO usage_hourly_before;
ALTER TABLE usage_hourly_before RENAME CONSTRAINT usage_hourly_pkey TO usage_hourly_before_pkey;
DO $$
DECLARE
    part name;
BEGIN
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'usage_hourly_before'::regclass AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE public.%I RENAME TO %I', part, replace(part, 'usage_hourly_', 'usage_hourly_before_'));
    END LOOP;
END
$$;

-- Days of nodes of which an hour was computed.
CREATE TABLE usage_rollup_days (
    node_id uuid NOT NULL,
    bucket timestamptz NOT NULL,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (node_id, bucket)
);
-- The transactions that were writing samples at `noted_at`.
CREATE TABLE rollup_barriers (
    noted_at timestamptz PRIMARY KEY,
    writers text[] NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_rollup_days, rollup_barriers TO omega_worker;

-- From when on the samples of a table are kept: the start of its oldest partition or chunk, infinity when it has none.
-- What was rolled up of earlier ones can no longer be computed, so it stays as it is. Runs as the owner, because partitions
-- are not for everybody; it tells of samples only.
CREATE FUNCTION kept_since(samples regclass) RETURNS timestamptz
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    base     name := (SELECT relname FROM pg_class WHERE oid = samples);
    time_col name := (SELECT a.attname FROM pg_partitioned_table p
        JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = samples);
    since    timestamptz;
    strays   timestamptz;
BEGIN
    IF samples NOT IN ('public.usage_metrics'::regclass, 'public.metric_samples'::regclass) THEN
        RAISE EXCEPTION '% holds no samples', samples USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF time_col IS NULL THEN
        EXECUTE 'SELECT min(range_start) FROM timescaledb_information.chunks'
            ' WHERE hypertable_schema = ''public'' AND hypertable_name = $1' INTO since USING base;
        RETURN coalesce(since, 'infinity');
    END IF;
    SELECT min((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz) INTO since
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = samples;
    IF to_regclass(format('public.%I', base || '_default')) IS NOT NULL THEN
        EXECUTE format('SELECT date_trunc(''day'', min(%I), ''UTC'') FROM public.%I', time_col, base || '_default') INTO strays;
    END IF;
    RETURN coalesce(least(since, strays), 'infinity');
END
$$;
REVOKE EXECUTE ON FUNCTION kept_since(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_since(regclass) TO omega_worker;

-- The old hours in the columns of the new ones. That a vital has an average is all that is known of how many values it had.
CREATE FUNCTION rolled_before(source text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('SELECT node_id, bucket, sample_count, %s FROM %s', string_agg(CASE
        WHEN name LIKE '%\_count' THEN format('CASE WHEN %I IS NULL THEN 0 ELSE sample_count END AS %I',
            regexp_replace(name, '_count$', '_avg'), name)
        ELSE format('%I::%s', name, type) END, ', '), source)
    FROM public.rolled_columns('1 hour')
$$;
-- Their days, as far as hours without sketches tell: no percentiles.
CREATE FUNCTION rolled_days_before(source text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('SELECT node_id, date_trunc(''day'', bucket, ''UTC'') AS bucket, sum(sample_count)::integer AS sample_count, %s'
        ' FROM (%s) AS hours GROUP BY 1, 2', string_agg(CASE
        WHEN name LIKE '%\_count' THEN format('sum(%1$I)::integer AS %1$I', name)
        WHEN name LIKE '%\_avg' THEN format('sum(%1$I * %2$I) / nullif(sum(%2$I) FILTER (WHERE %1$I IS NOT NULL), 0) AS %1$I',
            name, regexp_replace(name, '_avg$', '_count'))
        WHEN name LIKE '%\_min' THEN format('min(%1$I) AS %1$I', name)
        WHEN name LIKE '%\_max' THEN format('max(%1$I) AS %1$I', name)
        ELSE format('NULL::%s AS %I', type, name) END, ', '), public.rolled_before(source))
    FROM public.rolled_columns('1 day')
$$;
