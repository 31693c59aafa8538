UPDATE node_lifecycle_logs AS l SET actor_email = u.email FROM users u WHERE u.user_id = l.actor_id;
