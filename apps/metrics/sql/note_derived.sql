-- Notes up to which scrape the vitals of nodes are worked out; never back.
INSERT INTO vitals_sources AS v (node_id, derived_to, interval_seconds)
SELECT d.node_id, to_timestamp(d.reached), d.seconds
FROM unnest(%(node_ids)s::uuid[], %(reached)s::double precision[], %(intervals)s::double precision[])
    AS d (node_id, reached, seconds)
ORDER BY d.node_id
ON CONFLICT (node_id) DO UPDATE SET
    derived_to = greatest(v.derived_to, excluded.derived_to), interval_seconds = excluded.interval_seconds
