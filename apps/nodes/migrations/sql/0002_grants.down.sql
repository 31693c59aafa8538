DROP TRIGGER node_api_keys_two_live ON node_api_keys;
DROP FUNCTION node_api_keys_two_live();
DROP TRIGGER node_commands_audit ON node_commands;
DROP TRIGGER enrollment_tokens_audit ON enrollment_tokens;
DROP TRIGGER node_api_keys_audit ON node_api_keys;
DROP TRIGGER node_resources_audit ON node_resources;
DROP TRIGGER nodes_audit ON nodes;
DROP VIEW readable.node_heartbeats;
REVOKE ALL ON nodes, node_resources, node_api_keys, enrollment_tokens, node_commands, node_lifecycle_logs, ingest_pulses,
    node_heartbeats FROM omega_portal, omega_worker, data_collector;
