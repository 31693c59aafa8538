-- The database roles. Roles belong to the server, settings and memberships are made for this database.
-- omega.roles: {"passwords": {role: password}, "reset": bool}; omega.owner: the role that owns the tables.
-- omega_auth owns the look-ups before log-in and sees what they need by policies; whoever is entitled to also gives it
-- BYPASSRLS. omega_backup must see every row, so it is made only by someone entitled to.
DO $roles$
DECLARE
    wanted    jsonb := current_setting('omega.roles')::jsonb;
    owner     text  := current_setting('omega.owner');
    may_bypass bool := (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user);
    login     text;
    name      text;
    setting   text;
    value     text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('omega portal roles'));

    FOR name IN SELECT unnest(ARRAY['omega_portal', 'omega_worker', 'data_collector']) LOOP
        login := wanted -> 'passwords' ->> name;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', name, login);
        ELSIF (wanted ->> 'reset')::bool AND login IS NOT NULL THEN
            EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', name, login);
        END IF;
    END LOOP;

    FOR name IN SELECT unnest(ARRAY['omega_admin', 'omega_operator', 'omega_user', 'analyst',
                                    'omega_readonly', 'dashboard_readonly']) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'omega_auth') THEN
        CREATE ROLE omega_auth NOLOGIN;
    END IF;
    IF may_bypass THEN
        IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'omega_auth') THEN
            ALTER ROLE omega_auth BYPASSRLS;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'omega_backup') THEN
            CREATE ROLE omega_backup NOLOGIN BYPASSRLS;
        END IF;
        IF NOT pg_has_role('omega_backup', 'pg_read_all_data', 'MEMBER') THEN
            GRANT pg_read_all_data TO omega_backup;
        END IF;
    END IF;

    -- The owner may act as each serving role (the tests do) and set its search path, but inherits nothing.
    FOR name IN SELECT unnest(ARRAY['omega_portal', 'omega_worker', 'data_collector', 'omega_auth', 'omega_admin',
                                    'omega_operator', 'omega_user', 'analyst', 'omega_readonly', 'dashboard_readonly']) LOOP
        IF owner <> current_user OR NOT pg_has_role(owner, name, 'SET') THEN
            IF NOT pg_has_role(owner, name, 'SET') THEN
                EXECUTE format('GRANT %I TO %I WITH SET TRUE, INHERIT FALSE', name, owner);
            END IF;
            IF owner <> current_user AND NOT EXISTS (
                SELECT FROM pg_auth_members m
                WHERE m.roleid = name::regrole AND m.member = owner::regrole AND m.admin_option
            ) THEN
                EXECUTE format('GRANT %I TO %I WITH ADMIN TRUE', name, owner);
            END IF;
        END IF;
    END LOOP;

    -- The web process finds the guarded views of time series before the tables of the same names, people's log-ins find
    -- those of everything. Time limits stand here because a pooler passes no start-up options on.
    FOR name, setting, value IN
        SELECT r, s, v FROM (VALUES
            (ARRAY['omega_portal'], 'search_path', 'series, public'),
            (ARRAY['omega_portal'], 'statement_timeout', '30s'),
            (ARRAY['omega_portal', 'omega_worker', 'data_collector'], 'idle_in_transaction_session_timeout', '5min'),
            (ARRAY['omega_admin', 'omega_operator', 'omega_user', 'analyst', 'omega_readonly', 'dashboard_readonly'],
             'search_path', 'readable, public')
        ) AS wanted (roles, s, v), unnest(roles) AS r
    LOOP
        IF NOT EXISTS (
            SELECT FROM pg_db_role_setting g JOIN pg_database d ON d.oid = g.setdatabase
            WHERE d.datname = current_database() AND g.setrole = name::regrole AND setting || '=' || value = ANY (g.setconfig)
        ) THEN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %s', name, current_database(), setting,
                CASE setting WHEN 'search_path' THEN value ELSE quote_literal(value) END);
        END IF;
    END LOOP;
END
$roles$;
