SELECT ensure_partitions(%(table)s::regclass, %(step)s::interval, %(since)s, %(until)s) AS made
