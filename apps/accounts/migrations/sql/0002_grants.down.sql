DROP TRIGGER users_audit ON users;
DROP TRIGGER tenants_audit ON tenants;
REVOKE ALL ON tenants, users, sign_in_attempts FROM omega_portal, omega_worker;
REVOKE ALL ON django_session, django_admin_log FROM omega_portal, omega_worker;
REVOKE ALL ON django_content_type, auth_permission, auth_group, auth_group_permissions, django_migrations
    FROM omega_portal, omega_worker, data_collector;
