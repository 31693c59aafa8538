GRANT SELECT, INSERT, UPDATE, DELETE ON nodes, node_resources, node_api_keys, enrollment_tokens, node_commands
    TO omega_portal, omega_worker;
GRANT SELECT, INSERT ON node_lifecycle_logs TO omega_portal, omega_worker;
GRANT SELECT ON ingest_pulses TO omega_portal;
GRANT SELECT, DELETE ON ingest_pulses TO omega_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_heartbeats TO omega_worker;

-- The ingest door writes what a machine tells of itself, and nothing that decides about it.
GRANT SELECT ON tenants, nodes, node_api_keys, node_commands TO data_collector;
GRANT UPDATE (last_heartbeat, silent_after, reported_status, reported_error, reported_config_hash, agent_version,
    clock_skew_seconds) ON nodes TO data_collector;
GRANT UPDATE (last_used_at, last_used_ip) ON node_api_keys TO data_collector;
GRANT UPDATE (delivered_at) ON node_commands TO data_collector;
GRANT INSERT ON node_heartbeats TO data_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON ingest_pulses TO data_collector;

ALTER TABLE nodes SET (fillfactor = 70);
ALTER TABLE node_api_keys SET (fillfactor = 70);
ALTER TABLE ingest_pulses SET (fillfactor = 70);

CREATE VIEW readable.node_heartbeats WITH (security_barrier) AS SELECT * FROM public.node_heartbeats;
GRANT SELECT ON readable.node_heartbeats TO omega_portal, omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly;

-- Named columns: contact updates, many a second, must not even start the trigger.
CREATE TRIGGER nodes_audit AFTER INSERT OR DELETE OR UPDATE OF tenant_id, hostname, name, node_type, status, region,
    location, ip_address, description, labels, tags, cpu_model, total_cpu_cores, total_memory_gb, total_storage_gb,
    gpu_model, gpu_count, os_name, machine_id, is_draining, drain_reason, drain_until, heartbeat_interval_seconds,
    silence_grace_seconds ON nodes FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('NODE', 'node', 'node_id', 'hostname',
        'created_at,updated_at,last_heartbeat,silent_after,reported_status,reported_error,reported_config_hash,agent_version,clock_skew_seconds', '');
CREATE TRIGGER node_resources_audit AFTER INSERT OR UPDATE OR DELETE ON node_resources FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('NODE', 'node_resource', 'resource_id', 'resource_type', 'available_capacity', '');
CREATE TRIGGER node_api_keys_audit AFTER INSERT OR DELETE OR UPDATE OF node_id, digest, scopes, label, expires_at,
    revoked_at, allowed_ips ON node_api_keys FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('NODE', 'node_api_key', 'key_id', 'label', 'created_at,last_used_at,last_used_ip', 'digest');
CREATE TRIGGER enrollment_tokens_audit AFTER INSERT OR UPDATE OR DELETE ON enrollment_tokens FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('NODE', 'enrollment_token', 'token_id', 'key_id', 'created_at', 'digest');
CREATE TRIGGER node_commands_audit AFTER INSERT ON node_commands FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('NODE', 'node_command', 'command_id', 'command', 'created_at', '');

-- Two live keys at most: the old and the new one of a rotation. The node's row is locked so that two
-- rotations at once cannot both find room.
CREATE FUNCTION node_api_keys_two_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM nodes WHERE node_id = NEW.node_id FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM node_api_keys k
        WHERE k.node_id = NEW.node_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) >= 2
    THEN
        RAISE EXCEPTION 'a node has at most two live keys' USING ERRCODE = 'check_violation', CONSTRAINT = 'node_api_keys_two_live';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER node_api_keys_two_live BEFORE INSERT ON node_api_keys
    FOR EACH ROW EXECUTE FUNCTION node_api_keys_two_live();
SELECT ensure_partitions('node_heartbeats', '1 day', now() - interval '8 days', now() + interval '4 days');
