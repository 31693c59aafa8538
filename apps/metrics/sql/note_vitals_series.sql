-- Notes which series the vitals of nodes are made of.
UPDATE vitals_sources AS v
SET hostname = d.hostname, newest_series = d.newest, series = d.series
FROM unnest(%(node_ids)s::uuid[], %(hostnames)s::text[], %(newest)s::integer[], %(series)s::text[])
    AS d (node_id, hostname, newest, series)
WHERE v.node_id = d.node_id
