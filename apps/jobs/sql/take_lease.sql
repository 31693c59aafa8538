-- Takes or renews a lease; no row comes back while another holds it. A new holder gets a greater token.
INSERT INTO beat_leases AS l (name, holder, token, lease_until)
VALUES (%(name)s, %(holder)s, 1, now() + %(seconds)s * interval '1 second')
ON CONFLICT (name) DO UPDATE SET
    token = CASE WHEN l.holder = excluded.holder THEN l.token ELSE l.token + 1 END,
    holder = excluded.holder,
    lease_until = excluded.lease_until
WHERE l.holder = excluded.holder OR l.lease_until < now()
RETURNING token
