SELECT audit_erase_strangers(%(cutoff)s, %(at)s) AS changed
