-- An empty value was never written by us; it counts as old, so that it is found unreadable.
SELECT {key} AS key, {column} AS kept FROM {table}
WHERE {column} IS NOT NULL AND (%(is_first)s OR {key} > %(after)s)
    AND (%(everything)s OR CASE length({column}) WHEN 0 THEN -1 ELSE get_byte({column}, 0) END <> %(in_use)s)
ORDER BY {key} LIMIT %(most)s
