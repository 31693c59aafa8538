-- The web process adds to the log and reads it through a view alone: chunks of a hypertable carry no policies.
REVOKE ALL ON audit_logs FROM omega_portal;
SELECT guard_table('audit_logs', reads => 'false', writes => 'false', others => '{omega_worker,data_collector}');
SELECT publish_view('series', 'audit_logs',
    rows_of_person('audit_logs.user_id') || ' OR (' || rows_of_tenant('audit_logs.tenant_id') || ' AND '
        || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM') || ')'
        -- A guarded view is not taken apart: without an order of its own, the newest entries would cost reading all.
        || ' ORDER BY audit_logs.timestamp DESC, audit_logs.id DESC',
    '{omega_portal}');
GRANT INSERT ON series.audit_logs TO omega_portal;

SELECT guard_table(log.name::regclass, reads => only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM'), writes => 'true')
FROM unnest(ARRAY['audit_seals', 'erased_people']) AS log (name);
-- A verification is asked for there, and carried out and judged by the worker.
SELECT guard_table('audit_verifications', reads => only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM'),
    writes => 'verdict = ''waiting'' AND finished_at IS NULL AND findings = ''[]''');
SELECT guard_table('audit_seal_mark', reads => 'false', writes => 'false');

SELECT publish_view('readable', 'audit_logs',
    rows_of_tenant('audit_logs.tenant_id') || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM'),
    fleet_readers(), '{actor_salt,subject_salt}');
SELECT publish_view('readable', log.name::regclass, 'true', fleet_readers())
FROM unnest(ARRAY['audit_seals', 'erased_people', 'audit_verifications']) AS log (name);
