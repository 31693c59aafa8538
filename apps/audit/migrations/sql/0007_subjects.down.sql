CREATE OR REPLACE FUNCTION audit_subject(kind text, key text, name text) RETURNS uuid
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF kind <> 'user' THEN
        RETURN NULL;
    END IF;
    IF key <> '' OR name = '' THEN
        RETURN public.audit_uuid(key);
    END IF;
    RETURN (SELECT u.user_id FROM public.users u WHERE upper(u.email) = upper(name));
END
$$;
