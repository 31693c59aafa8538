DROP TRIGGER users_audit ON users;
CREATE TRIGGER users_audit AFTER INSERT OR DELETE OR UPDATE OF email, username, full_name, password, role, auth_provider,
    issuer, keycloak_user_id, role_override, role_override_reason, role_override_by, role_override_until, is_active,
    is_superuser, time_zone, tenant_id ON users FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'user', 'user_id', 'email', 'created_at,updated_at,last_login', 'password');
DROP TRIGGER users_version ON users;
DROP TRIGGER role_mappings_version ON role_mappings;
DROP TRIGGER quotas_version ON quotas;
DROP FUNCTION count_version();
