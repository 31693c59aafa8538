SELECT * FROM lookups.enrollment_token_by_key_id(%(key_id)s)
