-- as: analyst
SELECT n.*,
       COALESCE(SUM(nr.available_capacity) FILTER (WHERE nr.resource_type = 'cpu'), 0) as available_cpu,
       COALESCE(SUM(nr.available_capacity) FILTER (WHERE nr.resource_type = 'memory'), 0) as available_memory
FROM nodes n
LEFT JOIN node_resources nr ON n.node_id = nr.node_id
WHERE n.status = 'active'
  AND n.last_heartbeat > NOW() - INTERVAL '60 seconds'
GROUP BY n.node_id
HAVING COALESCE(SUM(nr.available_capacity) FILTER (WHERE nr.resource_type = 'cpu'), 0) >= 4
   AND COALESCE(SUM(nr.available_capacity) FILTER (WHERE nr.resource_type = 'memory'), 0) >= 8
ORDER BY available_cpu DESC, available_memory DESC
