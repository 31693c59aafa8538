-- What log-ins of operators and admins may correct by SQL: descriptions, never states, keys or contact, which have
-- consequences that only the portal knows. The views let no row leave the scope of whoever writes.
ALTER VIEW readable.nodes SET (check_option = cascaded);
ALTER VIEW readable.node_resources SET (check_option = cascaded);
GRANT UPDATE (name, description, node_type, region, location, labels, tags) ON readable.nodes TO omega_operator, omega_admin;
GRANT UPDATE (capacity) ON readable.node_resources TO omega_operator, omega_admin;
