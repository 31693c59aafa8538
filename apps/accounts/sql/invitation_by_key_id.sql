SELECT * FROM lookups.invitation_by_key_id(%(key_id)s)
