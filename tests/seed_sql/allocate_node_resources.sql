-- as: omega_worker
UPDATE node_resources
SET allocated_capacity = allocated_capacity + 2
WHERE node_id = '{node_id}' AND resource_type = 'cpu'
