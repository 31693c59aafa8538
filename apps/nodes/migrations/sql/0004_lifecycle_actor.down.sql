UPDATE node_lifecycle_logs AS l SET actor_email = u.email FROM users u WHERE u.user_id = l.actor_id;
SELECT publish_view('readable', 'node_lifecycle_logs', rows_of_node('node_lifecycle_logs'), fleet_readers());
