-- Records the image of a changed row: whole for INSERT and DELETE, the changed columns for UPDATE.
-- Arguments: category, resource type, key column, name column, columns to leave out, columns whose values are secret
-- (the last two comma-separated). Actor, request and reason come from the transaction's settings; see apps/core/context.py.
-- Runs as the owner, so a role that may change a row needs no right on the log, and cannot avoid it.
CREATE FUNCTION audit_row_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    left_out text[] := string_to_array(TG_ARGV[4], ',');
    secret   text[] := string_to_array(TG_ARGV[5], ',');
    before   jsonb  := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - left_out END;
    after    jsonb  := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - left_out END;
    whole    jsonb  := coalesce(after, before);
    changed  text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(n.key) INTO changed
        FROM jsonb_each(after) n WHERE n.value IS DISTINCT FROM before -> n.key;
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
        before := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(before) WHERE key = ANY (changed));
        after  := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(after) WHERE key = ANY (changed));
    END IF;
    before := audit_without_secrets(before, secret);
    after  := audit_without_secrets(after, secret);
    INSERT INTO public.audit_logs (
        timestamp, tenant_id, user_id, user_email, user_role, action, category, resource_type, resource_id,
        resource_name, details, is_row_image, reason, ip_address, user_agent, request_id
    ) VALUES (
        clock_timestamp(),
        (whole ->> 'tenant_id')::uuid,
        nullif(current_setting('omega.user_id', true), '')::uuid,
        coalesce(current_setting('omega.user_email', true), ''),
        coalesce(current_setting('omega.role', true), ''),
        upper(TG_ARGV[1]) || CASE TG_OP WHEN 'INSERT' THEN '_CREATED' WHEN 'UPDATE' THEN '_UPDATED' ELSE '_DELETED' END,
        TG_ARGV[0], TG_ARGV[1],
        coalesce(whole ->> TG_ARGV[2], ''),
        left(coalesce(whole ->> TG_ARGV[3], ''), 255),
        CASE TG_OP WHEN 'INSERT' THEN jsonb_build_object('after', after)
                   WHEN 'DELETE' THEN jsonb_build_object('before', before)
                   ELSE jsonb_build_object('before', before, 'after', after) END,
        true,
        coalesce(current_setting('omega.reason', true), ''),
        nullif(current_setting('omega.ip_address', true), '')::inet,
        left(coalesce(current_setting('omega.user_agent', true), ''), 1000),
        coalesce(current_setting('omega.request_id', true), '')
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION audit_without_secrets(image jsonb, secret text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY (secret) AND value <> 'null' THEN '"***"'::jsonb ELSE value END)
    FROM jsonb_each(image)
$$;

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_logs can be added to, never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

GRANT SELECT, INSERT ON audit_logs TO omega_portal, omega_worker;
GRANT INSERT ON audit_logs TO data_collector;
SELECT ensure_partitions('audit_logs', '30 days', now() - interval '60 days', now() + interval '60 days');
