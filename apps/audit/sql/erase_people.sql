SELECT audit_erase_people(%(people)s::uuid[], %(at)s, %(actor)s::uuid) AS changed
