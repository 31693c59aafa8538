-- as: analyst
SELECT session_id, user_id, node_id, login_time, logout_time, session_duration_minutes, active_processes,
       peak_cpu_usage, peak_ram_usage
FROM user_sessions
WHERE is_active = TRUE
ORDER BY login_time DESC;
