-- Who sees which rows. Serving processes are fenced off by policies on the tables; the web process and people's own
-- log-ins read time series, and log-ins everything else too, through guarded views with the same conditions.
--
-- The web process says for whom it works by transaction-local settings (apps/core/context.py), honoured for its role
-- alone. A person's own log-in is looked up by its name in database_logins, which it cannot forge.

-- What is made from here on is nobody else's to run, unless it says so. Whoever may make temporary objects could put types
-- of their own before those that a function of the owner names: nobody may, and every search path names pg_temp last.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
ALTER FUNCTION is_hypertable(regclass) SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION ensure_partitions(regclass, interval, timestamptz, timestamptz) SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION drop_partitions(regclass, timestamptz) SET search_path = pg_catalog, public, pg_temp;
REVOKE EXECUTE ON FUNCTION is_hypertable(regclass) FROM PUBLIC;

-- First in the web process's search path; `readable` is for people's log-ins and leaves secret columns out.
CREATE SCHEMA series;
GRANT USAGE ON SCHEMA series TO omega_portal;

CREATE FUNCTION scope_is_all() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user = 'omega_portal' THEN
        RETURN coalesce(current_setting('omega.tenant_ids', true) = 'all', false);
    END IF;
    RETURN current_user IN ('omega_worker', 'omega_backup') OR coalesce((public.login_scope()).all_tenants, false);
END
$$;

CREATE FUNCTION scope_tenants() RETURNS uuid[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user = 'omega_portal' THEN
        RETURN string_to_array(nullif(nullif(current_setting('omega.tenant_ids', true), ''), 'all'), ',')::uuid[];
    END IF;
    RETURN ARRAY[(public.login_scope()).tenant_id];
END
$$;

CREATE FUNCTION scope_user() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user = 'omega_portal' THEN
        RETURN nullif(current_setting('omega.user_id', true), '')::uuid;
    END IF;
    RETURN (public.login_scope()).user_id;
END
$$;

-- A role of accounts/permissions.py, SYSTEM for the portal itself, AGENT for a node; '' for nobody.
CREATE FUNCTION scope_role() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user = 'omega_portal' THEN
        RETURN coalesce(current_setting('omega.role', true), '');
    END IF;
    IF current_user = 'omega_worker' THEN
        RETURN 'SYSTEM';
    END IF;
    IF (public.login_scope()).role_name IS NULL THEN
        RETURN '';
    END IF;
    RETURN CASE
        WHEN pg_has_role(session_user, 'omega_admin', 'MEMBER') THEN 'ADMIN'
        WHEN pg_has_role(session_user, 'omega_operator', 'MEMBER') THEN 'DEVOPS'
        WHEN pg_has_role(session_user, 'analyst', 'MEMBER') THEN 'ANALYST'
        WHEN pg_has_role(session_user, 'omega_user', 'MEMBER') THEN 'USER'
        ELSE 'READONLY'
    END;
END
$$;

-- The conditions, as text for policies and views. Sub-selects make each of them one look per statement.
CREATE FUNCTION rows_of_tenant(tenant text DEFAULT 'tenant_id') RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT format('((SELECT public.scope_is_all()) OR %s = ANY ((SELECT public.scope_tenants())::uuid[]))', tenant) $$;

CREATE FUNCTION rows_of_person(person text DEFAULT 'user_id') RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT format('%s = (SELECT public.scope_user())', person) $$;

CREATE FUNCTION only_roles(VARIADIC roles text[]) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT format('(SELECT public.scope_role()) = ANY (%L::text[])', roles) $$;

-- The policies of a table: the web process reads the rows `reads` and may change those of them that `writes` allows;
-- `others` see every row, as does the owner, so that data migrations work under FORCE.
CREATE FUNCTION guard_table(target regclass, reads text, writes text, others name[] DEFAULT '{omega_worker}')
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    other name;
    changeable text := format('(%s) AND (%s)', reads, writes);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    FOREACH other IN ARRAY others || current_user::name LOOP
        EXECUTE format('CREATE POLICY %I ON %s TO %I USING (true) WITH CHECK (true)', 'all_for_' || other, target, other);
    END LOOP;
    EXECUTE format('CREATE POLICY portal_reads ON %s FOR SELECT TO omega_portal USING (%s)', target, reads);
    EXECUTE format('CREATE POLICY portal_adds ON %s FOR INSERT TO omega_portal WITH CHECK (%s)', target, changeable);
    EXECUTE format('CREATE POLICY portal_changes ON %s FOR UPDATE TO omega_portal USING (%s) WITH CHECK (%s)',
        target, changeable, changeable);
    EXECUTE format('CREATE POLICY portal_removes ON %s FOR DELETE TO omega_portal USING (%s)', target, changeable);
END
$$;

CREATE FUNCTION unguard_table(target regclass) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    policy name;
BEGIN
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy, target);
    END LOOP;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', target);
END
$$;

-- The guarded view of a table in `place`: the rows `reads`, all columns but `secret` ones. Made anew when it is there.
CREATE FUNCTION publish_view(place name, target regclass, reads text, readers name[], secret name[] DEFAULT '{}')
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    base    name := (SELECT relname FROM pg_class WHERE oid = target);
    columns text := (
        SELECT string_agg(format('%I.%I', base, attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND NOT attname = ANY (secret));
    reader  name;
BEGIN
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', place, base);
    EXECUTE format('CREATE VIEW %I.%I WITH (security_barrier) AS SELECT %s FROM %s AS %I WHERE %s',
        place, base, columns, target, base, reads);
    FOREACH reader IN ARRAY readers LOOP
        EXECUTE format('GRANT SELECT ON %I.%I TO %I', place, base, reader);
    END LOOP;
END
$$;

-- Who reads the views of `readable`: all of people's log-ins, or all that see more than their own rows.
CREATE FUNCTION all_readers() RETURNS name[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT '{omega_admin,omega_operator,omega_user,analyst,omega_readonly,dashboard_readonly,omega_worker}'::name[] $$;
CREATE FUNCTION fleet_readers() RETURNS name[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT array_remove(public.all_readers(), 'omega_user') $$;

GRANT EXECUTE ON FUNCTION scope_is_all(), scope_tenants(), scope_user(), scope_role() TO PUBLIC;
