-- A person's own log-in: omega.login = {"name", "group", "password"}. Settings of a group are not handed down to its
-- members, so they are given to the log-in itself.
DO $login$
DECLARE
    wanted  jsonb := current_setting('omega.login')::jsonb;
    name    text  := wanted ->> 'name';
    setting text;
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', name, wanted ->> 'password');
    EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', wanted ->> 'group', name);
    FOREACH setting IN ARRAY ARRAY['search_path = readable, public', 'statement_timeout = ''60s''',
                                   'idle_in_transaction_session_timeout = ''60s'''] LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s', name, current_database(), setting);
    END LOOP;
END
$login$;
