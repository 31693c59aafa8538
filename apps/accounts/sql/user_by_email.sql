SELECT * FROM lookups.user_by_email(%(email)s)
