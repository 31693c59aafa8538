DO $$
BEGIN
    IF coalesce(current_setting('timescaledb.license', true), '') = 'timescale' THEN
        PERFORM remove_retention_policy(name::regclass, if_exists => true)
        FROM unnest('{usage_metrics,usage_hourly,usage_daily,usage_sketches_wide,metric_samples,metric_hourly,process_snapshots,node_heartbeats}'::text[])
            AS name;
    END IF;
END
$$;
DROP FUNCTION kept_pieces(text);
DROP TRIGGER retention_policies_audit ON retention_policies;
DROP VIEW readable.retention_policies;
SELECT unguard_table('retention_policies');
REVOKE ALL ON retention_policies FROM omega_portal, omega_worker;
