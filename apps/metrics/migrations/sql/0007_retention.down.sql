DROP FUNCTION kept_pieces(text);
DROP TRIGGER retention_policies_audit ON retention_policies;
DROP VIEW readable.retention_policies;
SELECT unguard_table('retention_policies');
REVOKE ALL ON retention_policies FROM omega_portal, omega_worker;
