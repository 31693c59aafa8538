-- A person's own log-in: omega.login = {"name", "group", "password"}. Settings of a group are not handed down to its
-- members, so they are given to the log-in itself.
DO $login$
DECLARE
    wanted jsonb := current_setting('omega.login')::jsonb;
    name   text  := wanted ->> 'name';
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', name, wanted ->> 'password');
    EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', wanted ->> 'group', name);
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = readable, public', name, current_database());
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = ''60s''', name, current_database());
END
$login$;
