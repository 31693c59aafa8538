GRANT SELECT, INSERT, UPDATE ON retention_policies TO omega_portal, omega_worker;
SELECT guard_table('retention_policies', reads => 'true', writes => '(SELECT public.scope_is_all()) AND ' || only_roles('ADMIN', 'SYSTEM'));
SELECT publish_view('readable', 'retention_policies', 'true', fleet_readers());
CREATE TRIGGER retention_policies_audit AFTER INSERT OR DELETE OR UPDATE OF keep_days, compress_after_days ON retention_policies
    FOR EACH ROW EXECUTE FUNCTION audit_row_change('CONFIG', 'retention_policy', 'table_name', 'table_name',
        'updated_at,updated_by,applied_at', '');

-- The pieces that `kept` is dropped by, oldest first, with what each takes on disk: chunks of a hypertable or of the
-- table behind a continuous aggregate, partitions, else the days of a plain table (in proportion to their rows).
-- Runs as the owner, because sizes of chunks are not for everybody; it tells of these tables only.
CREATE FUNCTION kept_pieces(kept text) RETURNS TABLE (starts timestamptz, ends timestamptz, bytes bigint)
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    target regclass := to_regclass(format('public.%I', kept));
    kind   "char" := (SELECT relkind FROM pg_class WHERE oid = target);
BEGIN
    IF target IS NULL OR kept NOT IN ('usage_metrics', 'usage_hourly', 'usage_daily', 'metric_samples', 'metric_hourly',
                                      'usage_sketches', 'process_snapshots', 'node_heartbeats', 'ingest_trust') THEN
        RETURN;
    END IF;
    IF kind = 'v' THEN
        EXECUTE 'SELECT format(''%I.%I'', materialization_hypertable_schema, materialization_hypertable_name)::regclass'
            ' FROM timescaledb_information.continuous_aggregates WHERE view_schema = ''public'' AND view_name = $1'
            INTO target USING CASE kept WHEN 'usage_sketches' THEN 'usage_sketches_wide' ELSE kept END;
    END IF;
    IF kind = 'v' OR public.is_hypertable(target) THEN
        RETURN QUERY EXECUTE
            'SELECT c.range_start, c.range_end, s.total_bytes'
            ' FROM chunks_detailed_size($1) AS s JOIN timescaledb_information.chunks AS c USING (chunk_schema, chunk_name)'
            ' ORDER BY c.range_start' USING target;
    ELSIF kind = 'p' THEN
        RETURN QUERY
            SELECT bound.range[1]::timestamptz, bound.range[2]::timestamptz, pg_total_relation_size(c.oid)
            FROM pg_inherits AS i
            JOIN pg_class AS c ON c.oid = i.inhrelid,
            LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS bound (range)
            WHERE i.inhparent = target AND bound.range IS NOT NULL AND pg_relation_size(c.oid) > 0
            ORDER BY 1;
    ELSE
        RETURN QUERY EXECUTE format(
            'SELECT day::timestamp AT TIME ZONE ''UTC'', (day + 1)::timestamp AT TIME ZONE ''UTC'','
            ' (pg_total_relation_size($1) * count(*) / sum(count(*)) OVER ())::bigint FROM %s GROUP BY day ORDER BY day',
            target) USING target;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION kept_pieces(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_pieces(text) TO omega_portal, omega_worker;

-- From here on a server that drops and compresses by itself does so, after the periods of this installation.
SELECT keep_for(format('public.%I', table_name)::regclass, make_interval(days => keep_days),
    make_interval(days => compress_after_days))
FROM retention_policies WHERE table_name <> 'ingest_trust';
