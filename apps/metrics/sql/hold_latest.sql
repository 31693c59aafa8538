-- Holds the place of the newest vitals of a node that has none, until the caller commits: a door that stores some waits here,
-- where it would otherwise make the row first and wait for the marks of hours afterwards. Nobody else sees it.
INSERT INTO node_latest (node_id, at, received_at) VALUES (%(node_id)s, 'epoch', %(now)s) ON CONFLICT DO NOTHING
