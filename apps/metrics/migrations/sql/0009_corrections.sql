-- The web process asks, the worker does: only it writes samples, and what it took away is for its eyes only.
GRANT SELECT, INSERT, UPDATE ON sample_corrections TO omega_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON sample_corrections, corrected_usage, corrected_samples TO omega_worker;
SELECT guard_table('sample_corrections', reads => rows_of_tenant(), writes => only_roles('ADMIN', 'SYSTEM'));
SELECT publish_view('readable', 'sample_corrections', rows_of_tenant(), fleet_readers());
