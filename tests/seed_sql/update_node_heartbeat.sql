-- as: omega_worker
UPDATE nodes
SET last_heartbeat = NOW(), status = 'active'
WHERE node_id = '{node_id}'
