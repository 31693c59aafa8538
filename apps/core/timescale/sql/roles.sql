-- The database roles. Roles belong to the server, settings and memberships are made for this database.
-- omega.roles: {"passwords": {role: password}, "reset": bool}; omega.owner: the role that owns the tables.
-- The two roles that must see every row are only made by someone entitled to; without them backup and the
-- look-ups before log-in wait for an administrator.
DO $roles$
DECLARE
    wanted    jsonb := current_setting('omega.roles')::jsonb;
    owner     text  := current_setting('omega.owner');
    may_bypass bool := (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user);
    login     text;
    name      text;
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

    FOR name IN SELECT unnest(ARRAY['omega_auth', 'omega_backup']) LOOP
        IF may_bypass AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN BYPASSRLS', name);
        END IF;
    END LOOP;

    -- The owner may act as each serving role (the tests do) and set its search path, but inherits nothing.
    FOR name IN SELECT unnest(ARRAY['omega_portal', 'omega_worker', 'data_collector', 'omega_admin', 'omega_operator',
                                    'omega_user', 'analyst', 'omega_readonly', 'dashboard_readonly']) LOOP
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

    -- Readers find the guarded views of schema `readable` before the tables of the same names.
    FOR name IN SELECT unnest(ARRAY['omega_portal', 'omega_admin', 'omega_operator', 'omega_user', 'analyst',
                                    'omega_readonly', 'dashboard_readonly']) LOOP
        IF NOT EXISTS (
            SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
            WHERE d.datname = current_database() AND s.setrole = name::regrole
              AND 'search_path=readable, public' = ANY (s.setconfig)
        ) THEN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = readable, public', name, current_database());
        END IF;
    END LOOP;
END
$roles$;
