DROP VIEW readable.audit_verifications, readable.erased_people, readable.audit_seals, readable.audit_logs, series.audit_logs;
SELECT unguard_table(t.name::regclass) FROM unnest(ARRAY['audit_logs', 'audit_seals', 'erased_people', 'audit_verifications',
    'audit_seal_mark']) AS t (name);
GRANT SELECT, INSERT ON audit_logs TO omega_portal;
