-- A row that a writer changed since it was read is left alone.
UPDATE {table} AS kept SET {column} = fresh.new
FROM unnest(%(names)s::text[], %(old)s::bytea[], %(new)s::bytea[]) AS fresh (name, old, new)
WHERE kept.{key} = ANY(%(keys)s) AND kept.{key}::text = fresh.name AND kept.{column} = fresh.old
