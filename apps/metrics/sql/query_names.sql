-- The named metrics after a name, with how many series the asker sees of each and what their senders say of them.
SELECT names.metric_type AS name, names.series, coalesce(nullif(family.kind, ''), names.kind) AS kind,
    coalesce(nullif(family.unit, ''), names.unit) AS unit, coalesce(family.help, '') AS help
FROM (
    SELECT metric_type, count(*) AS series, max(kind) AS kind, max(unit) AS unit
    FROM metric_series
    WHERE metric_type > %(after)s AND starts_with(metric_type, %(text)s)
    GROUP BY metric_type
    ORDER BY metric_type
    LIMIT %(limit)s
) AS names
LEFT JOIN LATERAL (
    SELECT kind, unit, help FROM metric_families AS said
    WHERE said.metric_type = names.metric_type
    ORDER BY said.help = '', said.tenant_id LIMIT 1
) AS family ON true
ORDER BY names.metric_type
