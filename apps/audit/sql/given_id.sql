SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS id FROM audit_logs_id
