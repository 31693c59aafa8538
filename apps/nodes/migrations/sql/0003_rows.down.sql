DROP VIEW series.node_heartbeats, readable.node_heartbeats, readable.node_lifecycle_logs, readable.node_commands,
    readable.node_resources, readable.node_api_keys, readable.enrollment_tokens, readable.nodes;
SET LOCAL ROLE omega_auth;
DROP FUNCTION lookups.enrollment_token_by_key_id(text), lookups.tenant_of_node_key(text);
RESET ROLE;
REVOKE ALL ON enrollment_tokens, node_api_keys, nodes FROM omega_auth;
SELECT unguard_table(t.name::regclass) FROM unnest(ARRAY['nodes', 'enrollment_tokens', 'node_api_keys', 'node_commands',
    'node_resources', 'node_lifecycle_logs']) AS t (name);
DROP FUNCTION rows_of_node(text);
CREATE VIEW readable.node_heartbeats WITH (security_barrier) AS SELECT * FROM public.node_heartbeats;
GRANT SELECT ON readable.node_heartbeats TO omega_portal, omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly;
