-- The entries of a range as text, in the order of their ids, with what was committed to and whether it may be blank.
-- One statement, so that an erasure in between is seen wholly or not at all.
SELECT
    e.id::text AS id,
    CASE WHEN isfinite(e.timestamp) THEN (extract(epoch FROM e.timestamp) * 1000000)::bigint::text
         ELSE e.timestamp::text END AS timestamp,
    e.tenant_id::text AS tenant_id,
    e.user_id::text AS user_id,
    e.user_role, e.action, e.category, e.resource_type, e.resource_id,
    CASE WHEN e.subject_digest IS NULL THEN e.resource_name END AS plain_name,
    e.description,
    e.details::text AS details,
    e.is_row_image::text AS is_row_image,
    e.reason, e.request_id, e.status, e.error_message,
    e.subject_id::text AS subject_id,
    encode(e.actor_digest, 'hex') AS actor_digest,
    encode(e.subject_digest, 'hex') AS subject_digest,
    e.user_email,
    e.ip_address::text AS ip_address,
    e.user_agent, e.resource_name,
    e.personal::text AS personal,
    encode(e.actor_salt, 'hex') AS actor_salt,
    encode(e.subject_salt, 'hex') AS subject_salt,
    CASE WHEN e.actor_salt IS NULL AND e.actor_digest IS NOT NULL THEN
        EXISTS (SELECT FROM erased_people p
            WHERE p.subject_id = coalesce(e.user_id, CASE WHEN e.user_role = '' THEN e.subject_id END))
        OR (e.user_id IS NULL AND e.user_role = '' AND e.timestamp < (SELECT max(p.cutoff) FROM erased_people p
            WHERE p.cutoff <= p.erased_at - interval '90 days'))
        ELSE false END AS actor_is_erased,
    CASE WHEN e.subject_salt IS NULL AND e.subject_digest IS NOT NULL THEN
        EXISTS (SELECT FROM erased_people p WHERE p.subject_id = e.subject_id)
        OR (e.subject_id IS NULL AND e.timestamp < (SELECT max(p.cutoff) FROM erased_people p
            WHERE p.cutoff <= p.erased_at - interval '90 days'))
        ELSE false END AS subject_is_erased
FROM audit_logs e
WHERE e.id > %(after)s AND e.id <= %(last)s
ORDER BY e.id, e.timestamp
LIMIT %(most)s
