ALTER TABLE node_latest DROP COLUMN as_json;
