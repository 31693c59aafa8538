REVOKE UPDATE ON readable.nodes, readable.node_resources FROM omega_operator, omega_admin;
REVOKE UPDATE (name, description, node_type, region, location, labels, tags) ON readable.nodes FROM omega_operator, omega_admin;
REVOKE UPDATE (capacity) ON readable.node_resources FROM omega_operator, omega_admin;
