UPDATE node_lifecycle_logs AS l SET actor_id = u.user_id FROM users u WHERE upper(u.email) = upper(l.actor_email);
