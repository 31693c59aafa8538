SELECT pg_advisory_xact_lock(hashtext('omega audit export'), hashtext(%(person)s))
