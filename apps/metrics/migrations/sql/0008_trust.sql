GRANT SELECT, INSERT, UPDATE ON ingest_trust TO data_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON ingest_trust TO omega_worker;
GRANT SELECT ON ingest_trust TO omega_portal;
ALTER TABLE ingest_trust SET (fillfactor = 70);
SELECT guard_table('ingest_trust', reads => rows_of_node('ingest_trust'), writes => only_roles('SYSTEM'),
    others => '{omega_worker,data_collector}');
SELECT publish_view('readable', 'ingest_trust', rows_of_node('ingest_trust'), fleet_readers());

-- The sum of two objects of whole numbers, code by code.
CREATE FUNCTION sum_of_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(code, total), '{}'::jsonb)
    FROM (
        SELECT key AS code, sum(value::bigint) AS total
        FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS both_of_them
        GROUP BY key
    ) AS summed
$$;
GRANT EXECUTE ON FUNCTION sum_of_counts(jsonb, jsonb) TO data_collector, omega_worker;
