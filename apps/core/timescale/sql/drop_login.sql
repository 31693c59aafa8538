-- Ends the sessions of a locked log-in and removes it: omega.login = {"name"}. It owns temporary objects at most.
DO $login$
DECLARE
    name text := current_setting('omega.login')::jsonb ->> 'name';
BEGIN
    EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', name, current_user);
    FOR attempt IN 1 .. 100 LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = name;
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(0.1);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
    EXECUTE format('DROP OWNED BY %I', name);
    EXECUTE format('DROP ROLE %I', name);
END
$login$;
