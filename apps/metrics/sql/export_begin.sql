-- Bounds what the web process may spend on a file. The planner takes a host name to have many rows of names and would sort
-- all samples by node to merge them, where one look into a hash is enough.
SELECT set_config('jit', 'off', true) AS jit, set_config('enable_mergejoin', 'off', true) AS merges,
    set_config('statement_timeout',
        CASE WHEN current_user = 'omega_portal' THEN %(timeout)s ELSE current_setting('statement_timeout') END,
        true) AS timeout
