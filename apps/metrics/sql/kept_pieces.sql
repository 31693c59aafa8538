SELECT starts, ends, bytes FROM public.kept_pieces(%(table)s)
