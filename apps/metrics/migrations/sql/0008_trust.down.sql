DROP FUNCTION sum_of_counts(jsonb, jsonb);
DROP VIEW readable.ingest_trust;
SELECT unguard_table('ingest_trust');
REVOKE ALL ON ingest_trust FROM data_collector, omega_worker, omega_portal;
