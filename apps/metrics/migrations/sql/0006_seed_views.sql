-- The narrow shape in which people know these measurements, over both stores. Each vital is a branch of its own: a
-- constant name lets the planner drop all others before it starts, and leaves the key's index to the one.
CREATE FUNCTION narrow_vitals() RETURNS TABLE (metric_type text, vital name, unit text, lowest float8, highest float8)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES ('cpu_usage', 'cpu_percent'::name, '%', 0::float8, 100::float8), ('cpu_temp', 'cpu_temp', '°C', -273.15, 1000),
        ('load_1m', 'load_1m', '', 0, 1e6), ('memory_usage', 'ram_percent', '%', 0, 100),
        ('memory_used_gb', 'ram_used_gb', 'GB', 0, 1e7), ('swap_usage', 'swap_percent', '%', 0, 100),
        ('gpu_usage', 'gpu_utilization', '%', 0, 100), ('gpu_memory_usage', 'gpu_memory_percent', '%', 0, 100),
        ('gpu_temp', 'gpu_temp', '°C', -273.15, 1000), ('disk_usage', 'disk_percent', '%', 0, 100),
        ('disk_read_mb_s', 'disk_read_mb_s', 'MB/s', 0, 1e7), ('disk_write_mb_s', 'disk_write_mb_s', 'MB/s', 0, 1e7),
        ('disk_io_wait', 'disk_io_wait_percent', '%', 0, 100), ('net_sent_mb_s', 'net_sent_mb_s', 'MB/s', 0, 1e7),
        ('net_recv_mb_s', 'net_recv_mb_s', 'MB/s', 0, 1e7), ('process_count', 'process_count', '', 0, 1e8),
        ('uptime_seconds', 'uptime_seconds', 's', 0, 1e10)
$$;
REVOKE EXECUTE ON FUNCTION narrow_vitals() FROM PUBLIC;

-- A barrier around a UNION ALL does not hold: PostgreSQL takes it apart, and a reader's function would be shown rows of
-- others. So the fence stands around each store, in a schema that nobody enters, and the views stand on these.
CREATE SCHEMA fences;
SELECT publish_view('fences', 'usage_metrics', rows_of_node('usage_metrics'), '{}'),
    publish_view('fences', 'usage_hourly', rows_of_node('usage_hourly'), '{}');
DO $$
BEGIN
    EXECUTE format('CREATE VIEW fences.samples WITH (security_barrier) AS
        SELECT m.time, s.node_id, s.pool_id, s.storage_pool_id, s.session_id, s.metric_type::text, m.value, s.unit::text
        FROM public.metric_series AS s JOIN public.metric_samples AS m ON m.series_id = s.series_id
        WHERE %s', public.rows_of_tenant('s.tenant_id'));
    EXECUTE 'CREATE VIEW readable.node_metrics (time, node_id, metric_type, value, unit) WITH (security_barrier) AS '
        || (SELECT string_agg(format('SELECT u."timestamp", u.node_id, %L::text, u.%I::double precision, %L::text
            FROM fences.usage_metrics AS u WHERE u.%I IS NOT NULL', v.metric_type, v.vital, v.unit, v.vital), ' UNION ALL ')
            FROM public.narrow_vitals() AS v)
        || ' UNION ALL SELECT s.time, s.node_id, s.metric_type, s.value, s.unit FROM fences.samples AS s
            WHERE s.node_id IS NOT NULL AND s.pool_id IS NULL AND s.storage_pool_id IS NULL AND s.session_id IS NULL';
    -- The first five columns bear the names that the statement it stems from gives them.
    EXECUTE 'CREATE VIEW readable.hourly_performance_stats WITH (security_barrier) AS
        SELECT h.bucket AS time_bucket, h.node_id, h.cpu_percent_avg::double precision AS avg,
            h.cpu_percent_max::double precision AS max, h.cpu_percent_p95::double precision AS percentile_cont,
            h.sample_count, '
        || (SELECT string_agg(format('h.%I::double precision AS %I', v.vital || '_' || k.kind, k.kind || '_' || v.vital), ', '
                ORDER BY v.vital, k.place)
            FROM public.narrow_vitals() AS v, unnest(ARRAY['avg', 'max', 'p95']) WITH ORDINALITY AS k (kind, place)
            WHERE v.vital <> 'uptime_seconds')
        || ' FROM fences.usage_hourly AS h';
END
$$;
-- Where an hour's sketches are stored together, their rows are such branches too.
DO $$
DECLARE
    place name;
BEGIN
    IF to_regclass('public.usage_sketches_wide') IS NULL THEN
        PERFORM publish_view('readable', 'usage_sketches', rows_of_node('usage_sketches'), '{}'),
            publish_view('series', 'usage_sketches', rows_of_node('usage_sketches'), '{}');
    ELSE
        PERFORM publish_view('fences', 'usage_sketches_wide', rows_of_node('usage_sketches_wide'), '{}');
        FOREACH place IN ARRAY '{readable,series}'::name[] LOOP
            EXECUTE format('CREATE VIEW %I.usage_sketches WITH (security_barrier) AS %s', place, sketches_of('fences.usage_sketches_wide'));
        END LOOP;
    END IF;
END
$$;
GRANT SELECT ON readable.usage_sketches TO omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly, omega_worker;
GRANT SELECT ON series.usage_sketches TO omega_portal;
CREATE VIEW readable.session_metrics WITH (security_barrier) AS
    SELECT s.time, s.session_id, s.metric_type, s.value, s.unit FROM fences.samples AS s WHERE s.session_id IS NOT NULL;
CREATE VIEW readable.metrics WITH (security_barrier) AS
    SELECT n.node_id, NULL::uuid AS pool_id, n.metric_type, n.value, n.unit, n.time AS "timestamp"
    FROM readable.node_metrics AS n
    UNION ALL
    SELECT s.node_id, s.pool_id, s.metric_type, s.value, s.unit, s.time FROM fences.samples AS s
    WHERE s.session_id IS NULL AND s.storage_pool_id IS NULL AND (s.pool_id IS NOT NULL OR s.node_id IS NULL);
GRANT SELECT ON readable.node_metrics, readable.session_metrics, readable.metrics, readable.hourly_performance_stats
    TO omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly, omega_worker;

-- Measurements that operators add by SQL go where those of agents go, under the same limits. It runs as the owner.
CREATE FUNCTION node_metrics_add() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    moment timestamptz := coalesce(NEW.time, now());
    tenant uuid;
BEGIN
    SELECT n.tenant_id INTO tenant FROM public.nodes n
    WHERE n.node_id = NEW.node_id AND n.status NOT IN ('pending', 'retired')
        AND (public.scope_is_all() OR n.tenant_id = ANY (public.scope_tenants()));
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'there is no node % that takes samples', NEW.node_id USING ERRCODE = 'foreign_key_violation';
    ELSIF moment NOT BETWEEN now() - interval '7 days' AND clock_timestamp() + interval '5 minutes' THEN
        RAISE EXCEPTION 'samples are taken from 7 days back to 5 minutes ahead' USING ERRCODE = 'check_violation';
    ELSIF NEW.value IS NULL OR NEW.value IN ('NaN', 'Infinity', '-Infinity') THEN
        RAISE EXCEPTION 'the value is not a finite number' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT public.node_metrics_add_vital(NEW.node_id, moment, NEW.metric_type, NEW.value) THEN
        PERFORM public.node_metrics_add_named(tenant, NEW.node_id, moment, NEW.metric_type, NEW.value, NEW.unit);
    END IF;
    INSERT INTO public.usage_rollup_queue (node_id, bucket, touched_at)
    VALUES (NEW.node_id, date_trunc('hour', moment, 'UTC'), clock_timestamp())
    ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at;
    PERFORM public.node_metrics_record(tenant, NEW.node_id);
    NEW.time := moment;
    RETURN NEW;
END
$$;

-- Adds a vital to the row of its moment; tells whether the name is one.
CREATE FUNCTION node_metrics_add_vital(node uuid, moment timestamptz, kind text, amount float8) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    known   record;
    added   bigint;
    columns text;
    changes text;
BEGIN
    SELECT v.* INTO known FROM public.narrow_vitals() v WHERE v.metric_type = kind;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF amount NOT BETWEEN known.lowest AND known.highest THEN
        RAISE EXCEPTION '% lies between % and %', kind, known.lowest, known.highest USING ERRCODE = 'check_violation';
    END IF;
    -- Four bytes refuse what they would have to round to zero.
    EXECUTE format('INSERT INTO public.usage_metrics AS u (node_id, "timestamp", %1$I) VALUES ($1, $2, $3)
        ON CONFLICT (node_id, "timestamp") DO UPDATE SET %1$I = excluded.%1$I WHERE u.%1$I IS NULL', known.vital)
        USING node, moment, CASE WHEN abs(amount) < 1e-30 THEN 0 ELSE amount END;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added = 0 THEN
        RAISE EXCEPTION '% of node % at % is there already', kind, node, moment USING ERRCODE = 'unique_violation';
    END IF;
    SELECT string_agg(format('%I', v.vital), ', '), string_agg(format('%1$I = excluded.%1$I', v.vital), ', ')
    INTO columns, changes FROM public.narrow_vitals() v;
    EXECUTE format('INSERT INTO public.node_latest AS l (node_id, at, received_at, cpu_per_core, %1$s)
        SELECT u.node_id, u."timestamp", now(), u.cpu_per_core, %1$s
        FROM public.usage_metrics u WHERE u.node_id = $1 AND u."timestamp" = $2
        ON CONFLICT (node_id) DO UPDATE SET at = excluded.at, received_at = excluded.received_at,
            cpu_per_core = excluded.cpu_per_core, %2$s
        WHERE l.at <= excluded.at', columns, changes) USING node, moment;
    RETURN true;
END
$$;

-- Adds a sample of any other name, and its series where it is the first.
CREATE FUNCTION node_metrics_add_named(tenant uuid, node uuid, moment timestamptz, series_name text, amount float8, measured_in text)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    most  CONSTANT integer := 5000;
    there record;
BEGIN
    IF coalesce(series_name, '') !~ '^[A-Za-z_:][A-Za-z0-9_:./-]{0,99}$' THEN
        RAISE EXCEPTION 'a metric''s name is 1 to 100 of letters, digits and _ : . / -' USING ERRCODE = 'check_violation';
    END IF;
    FOR attempt IN 1 .. 2 LOOP
        SELECT s.series_id, s.unit, s.last_sample_at, s.stale_at INTO there FROM public.metric_series s
        WHERE s.tenant_id = tenant AND s.node_id = node AND s.metric_type = series_name AND s.labels = '{}'
            AND s.pool_id IS NULL AND s.storage_pool_id IS NULL AND s.session_id IS NULL;
        EXIT WHEN FOUND OR attempt = 2;
        IF (SELECT count(*) FROM public.metric_series s WHERE s.node_id = node) >= most THEN
            RAISE EXCEPTION 'a node gets at most % series by SQL, whatever MOST_SERIES_PER_NODE says', most USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO public.metric_series (tenant_id, node_id, metric_type, unit) VALUES (tenant, node, series_name, coalesce(measured_in, ''))
        ON CONFLICT DO NOTHING;
    END LOOP;
    INSERT INTO public.metric_samples (series_id, time, value) VALUES (there.series_id, moment, amount);
    UPDATE public.metric_series s
    SET last_sample_at = greatest(s.last_sample_at, moment), unit = coalesce(nullif(measured_in, ''), s.unit),
        stale_at = CASE WHEN s.stale_at >= moment THEN s.stale_at END
    WHERE s.series_id = there.series_id AND (
        there.last_sample_at IS NULL OR there.last_sample_at < moment - interval '10 minutes' OR there.stale_at < moment
        OR there.unit <> coalesce(nullif(measured_in, ''), there.unit));
END
$$;

-- One event for each transaction and node, however many rows: whoever writes measurements by hand is on record.
CREATE FUNCTION node_metrics_record(tenant uuid, node uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    mark text := pg_current_xact_id()::text || ' ' || node;
BEGIN
    IF current_setting('omega.samples_added', true) IS NOT DISTINCT FROM mark THEN
        RETURN;
    END IF;
    INSERT INTO public.audit_logs (timestamp, tenant_id, action, category, resource_type, resource_id, resource_name)
    VALUES (clock_timestamp(), tenant, 'SAMPLES_ADDED_BY_SQL', 'NODE', 'node', node,
        (SELECT n.hostname FROM public.nodes n WHERE n.node_id = node));
    PERFORM set_config('omega.samples_added', mark, true);
END
$$;
REVOKE EXECUTE ON FUNCTION node_metrics_add(), node_metrics_add_vital(uuid, timestamptz, text, float8),
    node_metrics_add_named(uuid, uuid, timestamptz, text, float8, text), node_metrics_record(uuid, uuid) FROM PUBLIC;
CREATE TRIGGER node_metrics_add INSTEAD OF INSERT ON readable.node_metrics FOR EACH ROW EXECUTE FUNCTION node_metrics_add();
GRANT INSERT ON readable.node_metrics TO omega_operator, omega_admin;
