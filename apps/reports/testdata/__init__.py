"""Generated fleets for demonstrations and measurements: plausible machines with a plausible past.

`archetypes`, `fleet`, `shapes`, `outages`, `vitals` and `tuples` are pure; `inventory`, `extras` and `history`
write rows; `generate` is the one verb that joins them.
"""
