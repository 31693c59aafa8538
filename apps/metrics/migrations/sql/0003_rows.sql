SELECT guard_table('metric_series', reads => rows_of_tenant(), writes => only_roles('SYSTEM'), others => '{omega_worker,data_collector}');
SELECT guard_table('node_latest', reads => rows_of_node('node_latest'), writes => only_roles('SYSTEM'),
    others => '{omega_worker,data_collector}');

SELECT publish_view('readable', 'metric_series', rows_of_tenant(), fleet_readers());
SELECT publish_view('readable', 'node_latest', rows_of_node('node_latest'), fleet_readers());

-- Hypertables carry no policies: nobody but the worker reads them past these views.
CREATE FUNCTION rows_of_series(child text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('((SELECT public.scope_is_all()) OR EXISTS (SELECT FROM public.metric_series AS s WHERE s.series_id = %I.series_id AND %s))',
        child, rows_of_tenant('s.tenant_id'))
$$;
SELECT publish_view('readable', part.name::regclass, rows_of_node(part.name), fleet_readers()),
    publish_view('series', part.name::regclass, rows_of_node(part.name), '{omega_portal}')
FROM unnest(ARRAY['usage_metrics', 'usage_hourly', 'process_snapshots']) AS part (name);
SELECT publish_view('readable', 'metric_samples', rows_of_series('metric_samples'), fleet_readers()),
    publish_view('series', 'metric_samples', rows_of_series('metric_samples'), '{omega_portal}');
