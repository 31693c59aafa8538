-- What the nodes are to do. Handed out again after a minute without a result: the answer may have been lost.
WITH due AS (
    SELECT command_id
    FROM node_commands
    WHERE node_id = ANY (%(node_ids)s)
      AND finished_at IS NULL
      AND (delivered_at IS NULL OR delivered_at < %(now)s - interval '1 minute')
    ORDER BY command_id
    FOR NO KEY UPDATE
)
UPDATE node_commands c
SET delivered_at = %(now)s
FROM due
WHERE c.command_id = due.command_id
RETURNING c.node_id, c.command_id, c.command, c.arguments
