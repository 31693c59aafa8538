DROP VIEW readable.sample_corrections;
SELECT unguard_table('sample_corrections');
REVOKE ALL ON sample_corrections, corrected_usage, corrected_samples FROM omega_portal, omega_worker;
