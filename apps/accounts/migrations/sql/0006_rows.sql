GRANT SELECT, INSERT, UPDATE, DELETE ON database_logins TO omega_worker;
GRANT SELECT ON database_logins TO omega_portal;
CREATE TRIGGER database_logins_audit AFTER INSERT OR UPDATE OR DELETE ON database_logins FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('CONFIG', 'database_login', 'role_name', 'role_name', '', '');

-- Whose rows the log-in of this connection sees: those of its person's tenant, or of the tenant it was opened for. Nothing
-- while the person or the tenant is closed, or when the person's role no longer reaches as far as the log-in's group. It
-- reads tables that no log-in may, so it runs as the owner.
CREATE TYPE database_login_scope AS (role_name text, user_id uuid, tenant_id uuid, all_tenants boolean);
CREATE FUNCTION login_scope() RETURNS database_login_scope
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.role_name, l.user_id, CASE WHEN l.user_id IS NULL THEN l.tenant_id ELSE u.tenant_id END,
        l.all_tenants AND (l.user_id IS NULL OR u.tenant_id IS NULL)
    FROM public.database_logins l
    LEFT JOIN public.users u USING (user_id)
    LEFT JOIN public.tenants t ON t.tenant_id = coalesce(u.tenant_id, l.tenant_id)
    WHERE l.role_name = session_user AND coalesce(t.is_active, true)
        AND (l.user_id IS NULL OR (u.is_active
            AND (u.role = 'ADMIN' OR NOT pg_has_role(session_user, 'omega_admin', 'MEMBER'))
            AND (u.role IN ('ADMIN', 'DEVOPS') OR NOT pg_has_role(session_user, 'omega_operator', 'MEMBER'))
            AND (u.role IN ('ADMIN', 'DEVOPS', 'ANALYST') OR NOT pg_has_role(session_user, 'analyst', 'MEMBER'))))
$$;
GRANT EXECUTE ON FUNCTION login_scope() TO PUBLIC;

CREATE FUNCTION rows_of_colleague(person text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('EXISTS (SELECT FROM public.users AS u WHERE u.user_id = %s AND %s)', person, rows_of_tenant('u.tenant_id'))
$$;

SELECT guard_table('tenants', reads => rows_of_tenant(), writes => '(SELECT public.scope_is_all())',
    others => '{omega_worker,data_collector,omega_auth}');
-- A lock needs the right to change, a change itself is for those who see all tenants.
DROP POLICY portal_changes ON tenants;
DO $$
BEGIN
    EXECUTE format('CREATE POLICY portal_changes ON tenants FOR UPDATE TO omega_portal USING (%s AND %s)
        WITH CHECK ((SELECT public.scope_is_all()))', rows_of_tenant(), only_roles('ADMIN', 'DEVOPS', 'AGENT', 'SYSTEM'));
END
$$;
SELECT guard_table('users',
    reads => rows_of_person() || ' OR (' || rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM') || ')',
    writes => rows_of_person() || ' OR ' || only_roles('ADMIN', 'SYSTEM'), others => '{omega_worker,omega_auth}');
SELECT guard_table(own.name::regclass,
    reads => rows_of_person() || ' OR (' || only_roles('ADMIN', 'SYSTEM') || ' AND ' || rows_of_colleague(own.name || '.user_id') || ')',
    writes => 'true', others => own.others)
FROM (VALUES ('web_sessions', '{omega_worker,omega_auth}'::name[]), ('api_tokens', '{omega_worker,omega_auth}'),
    ('quota_requests', '{omega_worker}')) AS own (name, others);
SELECT guard_table('quotas',
    reads => rows_of_person() || ' OR ' || rows_of_tenant() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'SYSTEM') || ' AND '
        || rows_of_colleague('quotas.user_id') || ')',
    writes => only_roles('ADMIN', 'SYSTEM'));
SELECT guard_table('invitations', reads => rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'SYSTEM'), writes => 'true',
    others => '{omega_worker,omega_auth}');
-- Of the whole installation: read by every ADMIN, changed by those who see all tenants.
SELECT guard_table(shared.name::regclass, reads => only_roles('ADMIN', 'SYSTEM'), writes => '(SELECT public.scope_is_all())')
FROM unnest(ARRAY['role_mappings', 'unknown_claims', 'database_logins']) AS shared (name);

-- People change themselves, but not what they are: that takes an ADMIN. Nobody becomes superuser through the web process.
CREATE FUNCTION users_keep_their_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place text[] := '{tenant_id,email,role,auth_provider,issuer,keycloak_user_id,role_override,role_override_reason,role_override_by,role_override_until,last_idp_role,vouched_at,is_active}';
    before jsonb := to_jsonb(OLD);
    after  jsonb := to_jsonb(NEW);
BEGIN
    IF current_user <> 'omega_portal' THEN
        RETURN NEW;
    END IF;
    -- The emergency account is changed by itself, by its like, or by the portal when it signs in.
    IF OLD.is_superuser AND scope_role() <> 'SYSTEM' AND OLD.user_id IS DISTINCT FROM scope_user()
        AND before - '{last_login,updated_at,version,vouched_at}'::text[] IS DISTINCT FROM after - '{last_login,updated_at,version,vouched_at}'::text[]
        AND NOT EXISTS (SELECT FROM users u WHERE u.user_id = scope_user() AND u.is_superuser)
    THEN
        RAISE EXCEPTION 'a superuser is not for others to change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.is_superuser IS DISTINCT FROM OLD.is_superuser OR (
        scope_role() NOT IN ('ADMIN', 'SYSTEM')
        AND EXISTS (SELECT FROM unnest(place) AS p WHERE before -> p IS DISTINCT FROM after -> p)
    ) THEN
        RAISE EXCEPTION 'this is not for oneself to change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER users_keep_their_place BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_keep_their_place();
CREATE FUNCTION users_are_made_plain() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'omega_portal' AND NEW.is_superuser THEN
        RAISE EXCEPTION 'superusers are made by a command' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER users_are_made_plain BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_are_made_plain();

-- The look-ups before anybody is known. Whatever stands in this schema sees every row: it is the whole exception.
GRANT SELECT ON users, web_sessions, api_tokens, invitations TO omega_auth;
SELECT set_config('omega.owner', current_user, true);
CREATE SCHEMA lookups AUTHORIZATION omega_auth;
SET LOCAL ROLE omega_auth;
CREATE FUNCTION lookups.user_by_id(wanted uuid) RETURNS SETOF public.users
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.users WHERE user_id = wanted';
CREATE FUNCTION lookups.user_by_email(wanted text) RETURNS SETOF public.users
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.users WHERE upper(email) = upper(wanted)';
CREATE FUNCTION lookups.user_by_identity(realm text, subject text) RETURNS SETOF public.users
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.users WHERE issuer = realm AND keycloak_user_id = subject';
CREATE FUNCTION lookups.web_session_by_digest(wanted text) RETURNS SETOF public.web_sessions
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.web_sessions WHERE session_digest = wanted';
CREATE FUNCTION lookups.token_by_key_id(wanted text) RETURNS SETOF public.api_tokens
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.api_tokens WHERE key_id = wanted';
CREATE FUNCTION lookups.invitation_by_key_id(wanted text) RETURNS SETOF public.invitations
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.invitations WHERE key_id = wanted';
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA lookups FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lookups TO omega_portal, omega_worker;
GRANT USAGE ON SCHEMA lookups TO omega_portal, omega_worker;
DO $$ BEGIN EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lookups TO %I', current_setting('omega.owner')); END $$;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA lookups TO %I', current_setting('omega.owner')); END $$;
RESET ROLE;

-- What people's own log-ins see. A USER sees no more than what is theirs.
SELECT publish_view('readable', 'tenants', rows_of_tenant(), fleet_readers());
SELECT publish_view('readable', 'users',
    rows_of_person() || ' OR (' || rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ')',
    all_readers(), '{password}');
SELECT publish_view('readable', own.name::regclass,
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND '
        || rows_of_colleague(own.name || '.user_id') || ')',
    all_readers(), own.secret)
FROM (VALUES ('web_sessions', '{session_digest,refresh_token,id_token}'::name[]), ('api_tokens', '{digest}'),
    ('quota_requests', '{}')) AS own (name, secret);
SELECT publish_view('readable', 'quotas',
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND ('
        || rows_of_tenant() || ' OR ' || rows_of_colleague('quotas.user_id') || '))',
    all_readers());
SELECT publish_view('readable', 'invitations', rows_of_tenant(), fleet_readers(), '{digest}');
SELECT publish_view('readable', 'role_mappings', 'true', fleet_readers());
SELECT publish_view('readable', 'unknown_claims', 'true', fleet_readers());
