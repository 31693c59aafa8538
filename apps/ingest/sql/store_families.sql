-- What senders say of metrics by their names; words that were told stay when a later sender leaves them out.
INSERT INTO metric_families AS f (tenant_id, metric_type, kind, unit, help)
SELECT r.tenant_id, r.metric_type, r.kind, r.unit, r.help
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (tenant_id uuid, metric_type text, kind text, unit text, help text)
ORDER BY r.tenant_id, r.metric_type
ON CONFLICT (tenant_id, metric_type) DO UPDATE
SET kind = coalesce(nullif(excluded.kind, ''), f.kind),
    unit = coalesce(nullif(excluded.unit, ''), f.unit),
    help = coalesce(nullif(excluded.help, ''), f.help)
WHERE (f.kind, f.unit, f.help) IS DISTINCT FROM (
    coalesce(nullif(excluded.kind, ''), f.kind), coalesce(nullif(excluded.unit, ''), f.unit),
    coalesce(nullif(excluded.help, ''), f.help)
)
