UPDATE node_api_keys
SET last_used_at = %(now)s, last_used_ip = %(address)s::inet
WHERE key_id = %(key_id)s
  AND (last_used_at IS NULL OR last_used_at < %(now)s - interval '1 minute')
