SELECT * FROM lookups.web_session_by_digest(%(digest)s)
