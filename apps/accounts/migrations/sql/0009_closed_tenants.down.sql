SET LOCAL ROLE omega_auth;
CREATE OR REPLACE FUNCTION lookups.user_by_id(wanted uuid) RETURNS SETOF public.users
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.users WHERE user_id = wanted';
RESET ROLE;
REVOKE SELECT ON tenants FROM omega_auth;
