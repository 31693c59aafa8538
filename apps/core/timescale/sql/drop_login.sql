-- Ends a log-in, which owns nothing because it may create nothing: omega.login = {"name"}.
DO $login$
DECLARE
    name text := current_setting('omega.login')::jsonb ->> 'name';
BEGIN
    EXECUTE format('ALTER ROLE %I NOLOGIN', name);
    EXECUTE format('DROP ROLE %I', name);
END
$login$;
