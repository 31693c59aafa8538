UPDATE nodes
SET last_heartbeat = %(now)s,
    silent_after = %(now)s + make_interval(secs => greatest(silence_grace_seconds, 3 * heartbeat_interval_seconds)),
    reported_status = %(status)s,
    reported_error = %(error)s,
    reported_config_hash = coalesce(%(config_hash)s, reported_config_hash),
    agent_version = coalesce(%(agent_version)s, agent_version),
    clock_skew_seconds = coalesce(%(clock_skew)s, clock_skew_seconds)
WHERE node_id = %(node_id)s
