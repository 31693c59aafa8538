-- Sets limits for the rest of the transaction, or until its savepoint is undone, and tells those before.
SELECT before.timeout AS before, before.jit AS jit_before,
    set_config('statement_timeout', %(timeout)s, true) AS timeout, set_config('jit', %(jit)s, true) AS jit
FROM (SELECT current_setting('statement_timeout') AS timeout, current_setting('jit') AS jit OFFSET 0) AS before
