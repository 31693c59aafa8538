DROP VIEW readable.unknown_claims, readable.role_mappings, readable.invitations, readable.quotas, readable.quota_requests,
    readable.api_tokens, readable.web_sessions, readable.users, readable.tenants;
SET LOCAL ROLE omega_auth;
DROP SCHEMA lookups CASCADE;
RESET ROLE;
REVOKE ALL ON users, web_sessions, api_tokens, invitations FROM omega_auth;
DROP TRIGGER users_are_made_plain ON users;
DROP FUNCTION users_are_made_plain();
DROP TRIGGER users_keep_their_place ON users;
DROP FUNCTION users_keep_their_place();
SELECT unguard_table(t.name::regclass) FROM unnest(ARRAY['tenants', 'users', 'web_sessions', 'api_tokens', 'quota_requests',
    'quotas', 'invitations', 'role_mappings', 'unknown_claims', 'database_logins']) AS t (name);
DROP FUNCTION rows_of_colleague(text);
DROP FUNCTION login_scope();
DROP TYPE database_login_scope;
DROP TRIGGER database_logins_audit ON database_logins;
REVOKE ALL ON database_logins FROM omega_worker, omega_portal;
