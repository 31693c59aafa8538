-- Whose keys these are, if they are valid at this moment; digests are compared by the caller.
SELECT k.key_id, k.digest, k.allowed_ips, k.scopes, n.node_id, n.tenant_id, n.status, n.heartbeat_interval_seconds,
       (k.last_used_at IS NULL OR k.last_used_at < %(now)s - interval '1 minute') AS is_use_due
FROM node_api_keys k
JOIN nodes n USING (node_id)
JOIN tenants t USING (tenant_id)
WHERE k.key_id = ANY (%(key_ids)s)
  AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
  AND t.is_active
