-- The rows of the nodes that are in scope; `child` is the table that names the node in its column node_id.
CREATE FUNCTION rows_of_node(child text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('((SELECT public.scope_is_all()) OR EXISTS (SELECT FROM public.nodes AS n WHERE n.node_id = %I.node_id AND %s))',
        child, rows_of_tenant('n.tenant_id'))
$$;

ALTER FUNCTION node_api_keys_two_live() SET search_path = pg_catalog, public, pg_temp;
SELECT guard_table('nodes', reads => rows_of_tenant(), writes => only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM'),
    others => '{omega_worker,data_collector,omega_auth}');
SELECT guard_table('enrollment_tokens', reads => rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM'),
    writes => 'true', others => '{omega_worker,omega_auth}');
SELECT guard_table('node_api_keys', reads => only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM') || ' AND ' || rows_of_node('node_api_keys'),
    writes => 'true', others => '{omega_worker,data_collector,omega_auth}');
SELECT guard_table('node_commands', reads => rows_of_node('node_commands'),
    writes => only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM'), others => '{omega_worker,data_collector}');
SELECT guard_table(part.name::regclass, reads => rows_of_node(part.name),
    writes => only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM'))
FROM unnest(ARRAY['node_resources', 'node_lifecycle_logs']) AS part (name);

GRANT SELECT ON enrollment_tokens, node_api_keys, nodes TO omega_auth;
SELECT set_config('omega.owner', current_user, true);
SET LOCAL ROLE omega_auth;
CREATE FUNCTION lookups.enrollment_token_by_key_id(wanted text) RETURNS SETOF public.enrollment_tokens
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.enrollment_tokens WHERE key_id = wanted';
CREATE FUNCTION lookups.tenant_of_node_key(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT n.tenant_id FROM public.node_api_keys k JOIN public.nodes n USING (node_id) WHERE k.key_id = wanted';
REVOKE EXECUTE ON FUNCTION lookups.enrollment_token_by_key_id(text), lookups.tenant_of_node_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookups.enrollment_token_by_key_id(text), lookups.tenant_of_node_key(text) TO omega_portal, omega_worker;
DO $$
BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION lookups.enrollment_token_by_key_id(text), lookups.tenant_of_node_key(text) TO %I',
        current_setting('omega.owner'));
END
$$;
RESET ROLE;

SELECT publish_view('readable', 'nodes', rows_of_tenant(), all_readers());
SELECT publish_view('readable', 'enrollment_tokens', rows_of_tenant(), fleet_readers(), '{digest}');
SELECT publish_view('readable', 'node_api_keys', rows_of_node('node_api_keys'), fleet_readers(), '{digest}');
SELECT publish_view('readable', part.name::regclass, rows_of_node(part.name), fleet_readers())
FROM unnest(ARRAY['node_resources', 'node_commands', 'node_lifecycle_logs', 'node_heartbeats']) AS part (name);
SELECT publish_view('series', 'node_heartbeats', rows_of_node('node_heartbeats'), '{omega_portal}');
