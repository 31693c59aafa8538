-- One event. It is not read back: whoever writes it may have no right to see it.
INSERT INTO audit_logs (
    tenant_id, user_id, user_email, user_role, action, category, resource_type, resource_id, resource_name, description,
    details, personal, subject_id, reason, ip_address, user_agent, request_id, status, error_message
) VALUES (
    %(tenant_id)s, %(user_id)s, %(user_email)s, %(user_role)s, %(action)s, %(category)s, %(resource_type)s,
    %(resource_id)s, %(resource_name)s, %(description)s, %(details)s, %(personal)s, %(subject_id)s, %(reason)s,
    %(ip_address)s, %(user_agent)s, %(request_id)s, %(status)s, %(error_message)s
)
