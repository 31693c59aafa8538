-- Whoever logs in as nobody of the portal's can put any name into the settings of its transaction; the log takes the name it logged in with.
CREATE FUNCTION audit_name_log_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF session_user NOT IN ('omega_portal', 'omega_worker', 'data_collector')
        AND session_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.audit_logs'::regclass)
    THEN
        NEW.user_id := (SELECT l.user_id FROM public.database_logins l WHERE l.role_name = session_user);
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
