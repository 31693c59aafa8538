SELECT drop_partitions(%(table)s::regclass, %(cutoff)s) AS dropped
