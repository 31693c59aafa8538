SELECT * FROM lookups.user_by_id(%(user_id)s)
