-- A token and its person, one after the other; `then` lies between them, for some of their columns have the same names.
SELECT token.*, NULL AS then, person.*
FROM lookups.token_by_key_id(%(key_id)s) AS token
LEFT JOIN LATERAL lookups.user_by_id(token.user_id) AS person ON true
