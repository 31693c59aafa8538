-- Tombstones that the log itself does not know of: somebody put them there past the trigger.
SELECT p.id, p.kind, p.erased_at
FROM erased_people p
WHERE NOT EXISTS (
    SELECT FROM audit_logs e
    WHERE e.resource_id = p.id::text AND e.resource_type = 'erasure' AND e.is_row_image AND e.action = 'ERASURE_CREATED'
        AND e.details #>> '{after,kind}' = p.kind
        AND e.details #>> '{after,subject_id}' IS NOT DISTINCT FROM p.subject_id::text
        AND (e.details #>> '{after,cutoff}')::timestamptz IS NOT DISTINCT FROM p.cutoff
)
ORDER BY p.id
LIMIT 100
