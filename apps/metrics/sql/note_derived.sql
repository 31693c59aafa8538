-- Notes of nodes: up to which scrape all is worked out, never back, and when there is something to do again.
UPDATE vitals_sources AS v
SET derived_to = greatest(v.derived_to, to_timestamp(d.reached)),
    own_until = greatest(v.own_until, d.own),
    newest_at = greatest(v.newest_at, to_timestamp(d.newest)),
    done = coalesce(d.done, v.done), seen_at = d.seen, again_at = to_timestamp(d.again), looked_at = %(now)s
FROM unnest(%(node_ids)s::uuid[], %(seen)s::timestamptz[], %(own)s::timestamptz[], %(reached)s::double precision[],
            %(newest)s::double precision[], %(done)s::text[], %(again)s::double precision[])
    AS d (node_id, seen, own, reached, newest, done, again)
WHERE v.node_id = d.node_id
