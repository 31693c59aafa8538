-- The roles of the portal's client as docker/keycloak/omega-realm.json makes them; an ADMIN may change or remove them.
INSERT INTO role_mappings (claim_value, role, comment) VALUES
    ('admin', 'ADMIN', ''), ('devops', 'DEVOPS', ''), ('analyst', 'ANALYST', ''), ('user', 'USER', ''), ('readonly', 'READONLY', '')
ON CONFLICT DO NOTHING;
