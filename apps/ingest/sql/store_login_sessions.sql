-- Stores what a node tells of its logins at one moment; says how many are new, known already, and ended by this list.
-- A later report decides whether a login is open; peaks only grow, so reports may come twice and in any order.
WITH reported AS (
    SELECT r.username, coalesce(r.terminal, '') AS terminal, to_timestamp(r.login_time) AS login_time,
           to_timestamp(r.logout_time) AS logout_time, coalesce(r.active_processes, '[]') AS active_processes,
           r.peak_cpu_usage, r.peak_ram_usage
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        username text, terminal text, login_time double precision, logout_time double precision,
        active_processes jsonb, peak_cpu_usage real, peak_ram_usage real
    )
), stored AS (
    INSERT INTO user_sessions AS s (
        node_id, username, terminal, login_time, logout_time, active_processes, peak_cpu_usage, peak_ram_usage,
        is_active, reported_at
    )
    SELECT %(node_id)s, r.username, r.terminal, r.login_time, r.logout_time, r.active_processes, r.peak_cpu_usage,
           r.peak_ram_usage, r.logout_time IS NULL, to_timestamp(%(at)s)
    FROM reported r
    ORDER BY r.username, r.terminal, r.login_time
    ON CONFLICT (node_id, username, terminal, login_time) DO UPDATE SET
        logout_time = CASE WHEN excluded.reported_at >= s.reported_at THEN excluded.logout_time
                           WHEN s.logout_time IS NOT NULL THEN least(s.logout_time, excluded.logout_time) END,
        is_active = CASE WHEN excluded.reported_at >= s.reported_at THEN excluded.is_active ELSE s.is_active END,
        active_processes = CASE WHEN excluded.reported_at >= s.reported_at AND excluded.active_processes <> '[]'
                                THEN excluded.active_processes ELSE s.active_processes END,
        peak_cpu_usage = greatest(s.peak_cpu_usage, excluded.peak_cpu_usage),
        peak_ram_usage = greatest(s.peak_ram_usage, excluded.peak_ram_usage),
        reported_at = greatest(s.reported_at, excluded.reported_at)
    RETURNING s.xmax = 0 AS is_new
), ended AS (
    UPDATE user_sessions s
    SET logout_time = greatest(to_timestamp(%(at)s), s.login_time), is_active = false, reported_at = to_timestamp(%(at)s)
    WHERE %(is_complete)s AND s.node_id = %(node_id)s AND s.is_active
      AND s.login_time <= to_timestamp(%(at)s) AND s.reported_at < to_timestamp(%(at)s)
      AND NOT EXISTS (
          SELECT FROM reported r
          WHERE r.username = s.username AND r.terminal = s.terminal AND r.login_time = s.login_time
      )
    RETURNING 1
)
SELECT (SELECT count(*) FROM stored WHERE is_new) AS added, (SELECT count(*) FROM stored WHERE NOT is_new) AS known,
       (SELECT count(*) FROM ended) AS ended
