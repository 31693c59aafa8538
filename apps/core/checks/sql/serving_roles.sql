-- What each serving role may not be, true where it is.
SELECT r.rolname AS role, r.rolsuper AS is_superuser, r.rolbypassrls AS bypasses_rows,
    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid
        AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\_temp%%' OR nspname LIKE 'pg\_toast%%')
    ) AS owns_tables,
    EXISTS (
        SELECT FROM pg_roles above WHERE above.oid <> r.oid AND pg_has_role(r.oid, above.oid, 'MEMBER')
            AND (above.rolsuper OR above.rolbypassrls OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = above.oid))
    ) AS belongs_above
FROM pg_roles r
WHERE r.rolname = ANY (%(roles)s)
ORDER BY 1
