SELECT set_config('statement_timeout', %(timeout)s, true), set_config('lock_timeout', %(lock_timeout)s, true)
