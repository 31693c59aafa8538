SELECT count(*) AS kept,
    count(*) FILTER (WHERE CASE length({column}) WHEN 0 THEN -1 ELSE get_byte({column}, 0) END <> %(in_use)s) AS old
FROM {table} WHERE {column} IS NOT NULL
