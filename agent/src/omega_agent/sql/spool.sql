-- name: add_item
INSERT INTO pending (at, list, body) VALUES (?, ?, ?);

-- name: remove_item
DELETE FROM pending WHERE id = ?;

-- name: oldest_items
SELECT id, at, list, body FROM pending ORDER BY id LIMIT ?;

-- name: remove_items_through
DELETE FROM pending WHERE id <= ?;

-- name: add_batch
INSERT INTO batches (batch_id, first_id, newest_at, items, body) VALUES (?, ?, ?, ?, ?);

-- name: oldest_batch
SELECT batch_id, first_id, newest_at, items, body FROM batches ORDER BY first_id LIMIT 1;

-- name: remove_batch
DELETE FROM batches WHERE batch_id = ?;

-- name: expired_batch
SELECT batch_id, items FROM batches WHERE newest_at < ? ORDER BY first_id LIMIT 1;

-- name: remove_expired_items
DELETE FROM pending WHERE at < ?;

-- name: remove_oldest_items
DELETE FROM pending WHERE id IN (SELECT id FROM pending ORDER BY id LIMIT ?);

-- name: count_items
SELECT (SELECT count(*) FROM pending) + (SELECT coalesce(sum(items), 0) FROM batches);

-- name: standing
SELECT (SELECT count(*) FROM pending WHERE id < :before) + (SELECT coalesce(sum(items), 0) FROM batches),
    min((SELECT min(at) FROM pending WHERE id < :before), (SELECT min(newest_at) FROM batches)),
    coalesce((SELECT min(at) FROM pending WHERE id < :before), (SELECT min(newest_at) FROM batches)),
    (SELECT count(*) FROM quarantine);

-- name: add_quarantine
INSERT INTO quarantine (batch_id, refused_at, status, code, detail, items, body) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: quarantine_rows
SELECT id, length(body) FROM quarantine ORDER BY id DESC;

-- name: trim_quarantine
DELETE FROM quarantine WHERE id <= ?;

-- name: read_fact
SELECT value FROM facts WHERE name = ?;

-- name: write_fact
INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: read_command
SELECT status, detail FROM commands WHERE command_id = ?;

-- name: unreported_commands
SELECT command_id, status, detail FROM commands WHERE NOT reported ORDER BY rowid;

-- name: write_command
INSERT INTO commands (command_id, status, detail, reported) VALUES (?, ?, ?, ?)
ON CONFLICT (command_id) DO UPDATE SET reported = excluded.reported;

-- name: trim_commands
DELETE FROM commands WHERE rowid <= (SELECT max(rowid) FROM commands) - 200;
