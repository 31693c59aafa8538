GRANT SELECT, INSERT, UPDATE, DELETE ON web_sessions, seen_logout_tokens, role_mappings, unknown_claims, invitations,
    api_tokens, quotas, quota_requests TO omega_portal, omega_worker;
ALTER TABLE web_sessions SET (fillfactor = 70);
ALTER TABLE api_tokens SET (fillfactor = 70);

-- Counts the changes of a row, so that whoever saves an older version of it can be told.
CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;
-- When the identity provider last vouched for somebody is noted every few minutes: no change of the account.
CREATE TRIGGER users_version BEFORE UPDATE ON users FOR EACH ROW
    WHEN (to_jsonb(OLD) - '{last_login,updated_at,version,vouched_at}'::text[]
        IS DISTINCT FROM to_jsonb(NEW) - '{last_login,updated_at,version,vouched_at}'::text[])
    EXECUTE FUNCTION count_version();
CREATE TRIGGER role_mappings_version BEFORE UPDATE ON role_mappings FOR EACH ROW
    WHEN (to_jsonb(OLD) - '{updated_at,version}'::text[] IS DISTINCT FROM to_jsonb(NEW) - '{updated_at,version}'::text[])
    EXECUTE FUNCTION count_version();
CREATE TRIGGER quotas_version BEFORE UPDATE ON quotas FOR EACH ROW
    WHEN (to_jsonb(OLD) - '{updated_at,version}'::text[] IS DISTINCT FROM to_jsonb(NEW) - '{updated_at,version}'::text[])
    EXECUTE FUNCTION count_version();

DROP TRIGGER users_audit ON users;
CREATE TRIGGER users_audit AFTER INSERT OR DELETE OR UPDATE OF email, username, full_name, password, role, auth_provider,
    issuer, keycloak_user_id, role_override, role_override_reason, role_override_by, role_override_until, is_active,
    is_superuser, time_zone, notification_email, tenant_id ON users FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'user', 'user_id', 'email',
        'created_at,updated_at,last_login,version,vouched_at', 'password');
CREATE TRIGGER role_mappings_audit AFTER INSERT OR UPDATE OR DELETE ON role_mappings FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('CONFIG', 'role_mapping', 'mapping_id', 'claim_value',
        'created_at,updated_at,version', '');
CREATE TRIGGER invitations_audit AFTER INSERT OR UPDATE OR DELETE ON invitations FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'invitation', 'invitation_id', 'key_id', 'created_at', 'digest');
CREATE TRIGGER api_tokens_audit AFTER INSERT OR DELETE OR UPDATE OF user_id, name, digest, scopes, allowed_ips,
    expires_at, revoked_at ON api_tokens FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'api_token', 'key_id', 'name', 'created_at,last_used_at,last_used_ip',
        'digest');
CREATE TRIGGER quotas_audit AFTER INSERT OR UPDATE OR DELETE ON quotas FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'quota', 'quota_id', 'strictness', 'created_at,updated_at,version', '');
CREATE TRIGGER quota_requests_audit AFTER INSERT OR UPDATE OR DELETE ON quota_requests FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'quota_request', 'request_id', 'status', 'created_at,updated_at', '');
