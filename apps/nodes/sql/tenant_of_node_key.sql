SELECT lookups.tenant_of_node_key(%(key_id)s) AS tenant_id
