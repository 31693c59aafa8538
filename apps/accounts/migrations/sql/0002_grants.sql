GRANT SELECT, INSERT, UPDATE, DELETE ON tenants, users, sign_in_attempts TO omega_portal, omega_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, django_admin_log TO omega_portal;
GRANT SELECT ON django_content_type, auth_permission, auth_group, auth_group_permissions, django_migrations
    TO omega_portal, omega_worker;
GRANT DELETE, SELECT ON django_session TO omega_worker;
GRANT SELECT ON django_migrations TO data_collector;

INSERT INTO tenants (slug, name) VALUES ('default', 'Default');

CREATE TRIGGER tenants_audit AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'tenant', 'tenant_id', 'name', 'created_at,updated_at', '');
CREATE TRIGGER users_audit AFTER INSERT OR DELETE OR UPDATE OF email, username, full_name, password, role, auth_provider,
    issuer, keycloak_user_id, role_override, role_override_reason, role_override_by, role_override_until, is_active,
    is_superuser, time_zone, tenant_id ON users FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'user', 'user_id', 'email', 'created_at,updated_at,last_login', 'password');
