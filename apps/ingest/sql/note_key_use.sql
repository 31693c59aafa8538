WITH used AS (
    SELECT k.key_id, u.address
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS u (key_id text, address inet)
    JOIN node_api_keys k USING (key_id)
    WHERE k.last_used_at IS NULL OR k.last_used_at < %(now)s - interval '1 minute'
    ORDER BY k.key_id
    FOR NO KEY UPDATE OF k
)
UPDATE node_api_keys k
SET last_used_at = %(now)s, last_used_ip = used.address
FROM used
WHERE k.key_id = used.key_id
