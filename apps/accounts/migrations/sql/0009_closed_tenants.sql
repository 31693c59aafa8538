-- Nobody of a closed tenant is let in: their sessions and tokens find no person.
GRANT SELECT ON tenants TO omega_auth;
SET LOCAL ROLE omega_auth;
CREATE OR REPLACE FUNCTION lookups.user_by_id(wanted uuid) RETURNS SETOF public.users
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT u.* FROM public.users u WHERE u.user_id = wanted
        AND NOT EXISTS (SELECT FROM public.tenants t WHERE t.tenant_id = u.tenant_id AND NOT t.is_active)';
RESET ROLE;
