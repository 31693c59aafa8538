-- Lets nobody in by a log-in any more: omega.login = {"name"}. Its running sessions are ended by drop_login.sql.
DO $login$
BEGIN
    EXECUTE format('ALTER ROLE %I NOLOGIN', current_setting('omega.login')::jsonb ->> 'name');
END
$login$;
