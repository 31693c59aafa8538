SELECT * FROM lookups.user_by_identity(%(issuer)s, %(subject)s)
