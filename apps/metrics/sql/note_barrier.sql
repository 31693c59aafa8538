-- Notes which other transactions of this database are writing samples: they hold a lock on their tables until they end.
INSERT INTO rollup_barriers (noted_at, writers)
SELECT coalesce(%(now)s, clock_timestamp()), coalesce(array_agg(DISTINCT l.virtualtransaction), '{}')
FROM pg_locks l
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation IN ('public.usage_metrics'::regclass, 'public.metric_samples'::regclass)
  AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_backend_pid()
ON CONFLICT DO NOTHING
