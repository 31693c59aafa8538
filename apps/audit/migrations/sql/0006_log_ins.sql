-- A person's own log-in can put any name into the settings of its transaction; the log takes the name it logged in with.
CREATE FUNCTION audit_name_log_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    scope public.database_logins := public.login_scope();
BEGIN
    IF scope.role_name IS NOT NULL THEN
        NEW.user_id := scope.user_id;
        NEW.user_email := session_user;
        NEW.user_role := 'SQL';
        NEW.ip_address := inet_client_addr();
        NEW.user_agent := '';
        NEW.reason := '';
        NEW.request_id := '';
    END IF;
    RETURN NEW;
END
$$;
-- Its name makes it come before audit_logs_prepare, which commits to what stands here.
CREATE TRIGGER audit_logs_name_log_in BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_name_log_in();
