SELECT * FROM lookups.token_by_key_id(%(key_id)s)
