DROP TRIGGER audit_logs_name_log_in ON audit_logs;
DROP FUNCTION audit_name_log_in();
