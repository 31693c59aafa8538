SELECT keep_for(%(table)s::regclass, %(keep)s, %(compress_after)s)
