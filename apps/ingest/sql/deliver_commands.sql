-- What the node is to do. Handed out again after a minute without a result: the answer may have been lost.
UPDATE node_commands
SET delivered_at = %(now)s
WHERE node_id = %(node_id)s
  AND finished_at IS NULL
  AND (delivered_at IS NULL OR delivered_at < %(now)s - interval '1 minute')
RETURNING command_id, command, arguments
