-- When the identity provider last vouched for somebody is noted every few minutes: no change of the account.
DROP TRIGGER users_version ON users;
CREATE TRIGGER users_version BEFORE UPDATE ON users FOR EACH ROW
    WHEN (to_jsonb(OLD) - '{last_login,updated_at,version,vouched_at}'::text[]
        IS DISTINCT FROM to_jsonb(NEW) - '{last_login,updated_at,version,vouched_at}'::text[])
    EXECUTE FUNCTION count_version();
DROP TRIGGER users_audit ON users;
CREATE TRIGGER users_audit AFTER INSERT OR DELETE OR UPDATE OF email, username, full_name, password, role, auth_provider,
    issuer, keycloak_user_id, role_override, role_override_reason, role_override_by, role_override_until, is_active,
    is_superuser, time_zone, notification_email, tenant_id ON users FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('USER', 'user', 'user_id', 'email',
        'created_at,updated_at,last_login,version,vouched_at', 'password');

-- Nor is it for oneself to say.
CREATE OR REPLACE FUNCTION users_keep_their_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Whoever is here at the change counts as vouched for just now.
UPDATE users SET vouched_at = now() WHERE auth_provider = 'keycloak';
UPDATE web_sessions SET vouched_at = now() WHERE auth_provider = 'keycloak' AND revoked_at IS NULL;

SELECT publish_view('readable', 'users',
    rows_of_person() || ' OR (' || rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ')',
    all_readers(), '{password}');
SELECT publish_view('readable', 'web_sessions',
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND '
        || rows_of_colleague('web_sessions.user_id') || ')',
    all_readers(), '{session_digest,refresh_token,id_token}');
