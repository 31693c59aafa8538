-- Bounds what the web process may spend until its transaction ends, with memory for groups of every node, and tells how
-- long samples are kept.
SELECT set_config('jit', 'off', true) AS jit, set_config('work_mem', '64MB', true) AS memory, set_config('statement_timeout',
        CASE WHEN current_user = 'omega_portal' THEN %(timeout)s ELSE current_setting('statement_timeout') END,
        true) AS timeout,
    (SELECT keep_days FROM retention_policies WHERE table_name = %(samples)s) AS keep_days
