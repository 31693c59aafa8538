-- Every right of every serving or reading role on every table and view; columns are named where the right is on them only.
WITH relations AS (
    SELECT c.oid, n.nspname AS space, c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'readable', 'series') AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
), held AS (
    SELECT r.space, r.name, role.rolname, kind.word, kind.place,
        CASE WHEN has_table_privilege(role.oid, r.oid, kind.word) THEN ''
             WHEN kind.word IN ('SELECT', 'INSERT', 'UPDATE') THEN (
                SELECT string_agg(a.attname, ' ' ORDER BY a.attname) FROM pg_attribute a
                WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND has_column_privilege(role.oid, r.oid, a.attnum, kind.word))
        END AS columns
    FROM relations r CROSS JOIN pg_roles role
    CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE'), (5, 'TRUNCATE'), (6, 'TRIGGER'))
        AS kind (place, word)
    WHERE role.rolname = ANY (%(roles)s)
)
SELECT format('%%s.%%s %%s: %%s', space, name, rolname,
    string_agg(word || CASE columns WHEN '' THEN '' ELSE '(' || columns || ')' END, ' ' ORDER BY place)) AS line
FROM held WHERE columns IS NOT NULL
GROUP BY space, name, rolname
ORDER BY space, name, rolname
