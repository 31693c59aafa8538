REVOKE ALL ON audit_logs FROM omega_portal, omega_worker, data_collector;
DROP TRIGGER audit_logs_no_truncate ON audit_logs;
DROP TRIGGER audit_logs_append_only ON audit_logs;
DROP FUNCTION audit_refuse_change();
DROP FUNCTION audit_row_change();
DROP FUNCTION audit_without_secrets(jsonb, text[]);
