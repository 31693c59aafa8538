-- Which of the nodes nobody holds right now; they stay locked until the end of the transaction.
SELECT node_id
FROM nodes
WHERE node_id = ANY (%(node_ids)s)
ORDER BY node_id
FOR NO KEY UPDATE SKIP LOCKED
