-- One node for each key, of the default tenant, in contact for the next hours; answers in the order of the keys.
WITH wanted AS (
    SELECT gen_random_uuid() AS node_id, 'bench-' || lpad(k.number::text, 6, '0') AS hostname, k.key_id, k.digest, k.number
    FROM unnest(%(key_ids)s::text[], %(digests)s::bytea[]) WITH ORDINALITY AS k (key_id, digest, number)
), nodes_added AS (
    INSERT INTO nodes (node_id, tenant_id, hostname, machine_id, status, total_cpu_cores, total_memory_gb,
        last_heartbeat, silent_after, created_at, updated_at)
    SELECT w.node_id, t.tenant_id, w.hostname, w.hostname, 'active', %(cores)s, 32, now(), now() + interval '6 hours', now(), now()
    FROM wanted AS w CROSS JOIN tenants AS t
    WHERE t.slug = 'default'
), keys_added AS (
    INSERT INTO node_api_keys (key_id, node_id, digest, scopes, label)
    SELECT key_id, node_id, digest, %(scopes)s, 'bench' FROM wanted
)
SELECT node_id, hostname FROM wanted ORDER BY number
