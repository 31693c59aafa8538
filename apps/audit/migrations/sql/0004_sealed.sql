ALTER FUNCTION audit_without_secrets(jsonb, text[]) SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION audit_row_change(), audit_without_secrets(jsonb, text[]) FROM PUBLIC;

-- Values as bytes: each behind its length, NULL told apart from '', so that no two lists give the same bytes.
-- apps/audit/rules.py computes the same.
CREATE FUNCTION audit_bytes(VARIADIC parts text[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(
        CASE WHEN part IS NULL THEN '\x00'::bytea
             ELSE '\x01'::bytea || int8send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8') END,
        ''::bytea ORDER BY place), ''::bytea)
    FROM unnest(parts) WITH ORDINALITY AS p (part, place)
$$;

CREATE FUNCTION audit_salt() RETURNS bytea LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) $$;

-- The columns that tell who somebody is; an image keeps them in `personal`, apart from its details.
CREATE FUNCTION audit_personal_columns(kind text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE kind
        WHEN 'user' THEN '{email,username,full_name,notification_email,keycloak_user_id}'
        WHEN 'invitation' THEN '{email,full_name}'
        WHEN 'api_token' THEN '{name,allowed_ips}'
        WHEN 'web_session' THEN '{ip_address,user_agent}'
        WHEN 'quota_request' THEN '{reason}'
        ELSE '{}'
    END::text[]
$$;

-- The columns of one side of an image that are (or are not) among the given; NULL when none are left.
CREATE FUNCTION audit_columns(image jsonb, chosen text[], wanted boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(image) WHERE (key = ANY (chosen)) = wanted
$$;

CREATE FUNCTION audit_image(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN before IS NULL THEN '{}' ELSE jsonb_build_object('before', before) END
        || CASE WHEN after IS NULL THEN '{}' ELSE jsonb_build_object('after', after) END
$$;

-- The text as a UUID, NULL when it is none.
CREATE FUNCTION audit_uuid(given text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN given ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN given::uuid END
$$;

-- Whom an entry is about when it does not say: an account by its id, or by the e-mail that somebody typed.
CREATE FUNCTION audit_subject(kind text, key text, name text) RETURNS uuid
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

-- The tenant of an entry that does not say: the person's, else the only one of whoever acts.
CREATE FUNCTION audit_tenant(person uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    found uuid;
BEGIN
    IF person IS NOT NULL THEN
        SELECT u.tenant_id INTO found FROM public.users u WHERE u.user_id = person;
    END IF;
    RETURN coalesce(found, public.audit_uuid(current_setting('omega.tenant_ids', true)));
END
$$;

-- Gives an entry its id, subject, tenant and commitments, whatever the writer put there.
CREATE FUNCTION audit_prepare_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    -- The transaction has its number before it takes an id: who waits for all older transactions has all older ids.
    PERFORM pg_current_xact_id();
    NEW.id := nextval('public.audit_logs_id');
    NEW.subject_id := coalesce(NEW.subject_id,
        public.audit_subject(NEW.resource_type, NEW.resource_id, NEW.resource_name));
    NEW.tenant_id := coalesce(NEW.tenant_id, public.audit_tenant(NEW.subject_id));
    NEW.actor_salt := NULL;
    NEW.actor_digest := NULL;
    IF NEW.user_email <> '' OR NEW.ip_address IS NOT NULL OR NEW.user_agent <> '' THEN
        NEW.actor_salt := public.audit_salt();
        NEW.actor_digest := sha256(NEW.actor_salt
            || public.audit_bytes(NEW.user_email, NEW.ip_address::text, NEW.user_agent));
    END IF;
    NEW.subject_salt := NULL;
    NEW.subject_digest := NULL;
    IF NEW.personal IS NOT NULL OR (NEW.resource_name <> ''
            AND (NEW.subject_id IS NOT NULL OR NEW.resource_type = 'user')) THEN
        NEW.subject_salt := public.audit_salt();
        NEW.subject_digest := sha256(NEW.subject_salt || public.audit_bytes(NEW.resource_name, NEW.personal::text));
    END IF;
    RETURN NEW;
END
$$;

-- As before, but personal columns stand apart, and every image has a subject and a tenant where there is one.
CREATE OR REPLACE FUNCTION audit_row_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    kind     text   := TG_ARGV[1];
    left_out text[] := string_to_array(TG_ARGV[4], ',');
    secret   text[] := string_to_array(TG_ARGV[5], ',');
    personal text[] := public.audit_personal_columns(TG_ARGV[1]);
    before   jsonb  := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - left_out END;
    after    jsonb  := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - left_out END;
    whole    jsonb  := coalesce(after, before);
    person   uuid   := (whole ->> 'user_id')::uuid;
    tenant   uuid   := (whole ->> 'tenant_id')::uuid;
    changed  text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(n.key) INTO changed
        FROM jsonb_each(after) n WHERE n.value IS DISTINCT FROM before -> n.key;
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
        before := public.audit_columns(before, changed, true);
        after  := public.audit_columns(after, changed, true);
    END IF;
    IF tenant IS NULL AND person IS NOT NULL THEN
        tenant := public.audit_tenant(person);
    ELSIF tenant IS NULL AND whole ? 'node_id' THEN
        SELECT n.tenant_id INTO tenant FROM public.nodes n WHERE n.node_id = (whole ->> 'node_id')::uuid;
    END IF;
    before := public.audit_without_secrets(before, secret);
    after  := public.audit_without_secrets(after, secret);
    INSERT INTO public.audit_logs (
        timestamp, tenant_id, user_id, user_email, user_role, action, category, resource_type, resource_id,
        resource_name, details, personal, subject_id, is_row_image, reason, ip_address, user_agent, request_id
    ) VALUES (
        clock_timestamp(),
        tenant,
        nullif(current_setting('omega.user_id', true), '')::uuid,
        coalesce(current_setting('omega.user_email', true), ''),
        coalesce(current_setting('omega.role', true), ''),
        upper(kind) || CASE TG_OP WHEN 'INSERT' THEN '_CREATED' WHEN 'UPDATE' THEN '_UPDATED' ELSE '_DELETED' END,
        TG_ARGV[0], kind,
        coalesce(whole ->> TG_ARGV[2], ''),
        left(coalesce(whole ->> TG_ARGV[3], ''), 255),
        public.audit_image(public.audit_columns(before, personal, false), public.audit_columns(after, personal, false)),
        nullif(public.audit_image(public.audit_columns(before, personal, true),
            public.audit_columns(after, personal, true)), '{}'),
        CASE WHEN kind IN ('user', 'invitation', 'api_token', 'web_session', 'quota', 'quota_request')
             THEN coalesce(person, public.audit_uuid(whole ->> 'invitation_id')) END,
        true,
        coalesce(current_setting('omega.reason', true), ''),
        nullif(current_setting('omega.ip_address', true), '')::inet,
        left(coalesce(current_setting('omega.user_agent', true), ''), 1000),
        coalesce(current_setting('omega.request_id', true), '')
    );
    RETURN NULL;
END
$$;

-- Entries of installations that are there already: split, and given commitments. Ids stay; new ones follow on.
DROP TRIGGER audit_logs_append_only ON audit_logs;
UPDATE audit_logs SET
    subject_id = CASE
        WHEN resource_type = 'user' THEN audit_subject(resource_type, resource_id, resource_name)
        WHEN is_row_image AND resource_type IN ('invitation', 'api_token', 'quota', 'quota_request')
            THEN audit_uuid(coalesce(details #>> '{after,user_id}', details #>> '{before,user_id}')) END,
    personal = CASE WHEN is_row_image THEN nullif(audit_image(
        audit_columns(details -> 'before', audit_personal_columns(resource_type), true),
        audit_columns(details -> 'after', audit_personal_columns(resource_type), true)), '{}') END,
    details = CASE WHEN is_row_image THEN audit_image(
        audit_columns(details -> 'before', audit_personal_columns(resource_type), false),
        audit_columns(details -> 'after', audit_personal_columns(resource_type), false)) ELSE details END
WHERE resource_type IN ('user', 'invitation', 'api_token', 'quota', 'quota_request');
UPDATE audit_logs SET
    actor_salt = CASE WHEN user_email <> '' OR ip_address IS NOT NULL OR user_agent <> '' THEN audit_salt() END,
    subject_salt = CASE WHEN personal IS NOT NULL
        OR (resource_name <> '' AND (subject_id IS NOT NULL OR resource_type = 'user')) THEN audit_salt() END;
UPDATE audit_logs SET
    actor_digest = sha256(actor_salt || audit_bytes(user_email, ip_address::text, user_agent)),
    subject_digest = sha256(subject_salt || audit_bytes(resource_name, personal::text))
WHERE actor_salt IS NOT NULL OR subject_salt IS NOT NULL;

ALTER TABLE audit_logs ALTER COLUMN id DROP IDENTITY;
CREATE SEQUENCE audit_logs_id OWNED BY audit_logs.id;
SELECT setval('audit_logs_id', coalesce(max(id), 0) + 1, false) FROM audit_logs;
CREATE TRIGGER audit_logs_prepare BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_prepare_entry();

-- Lets one change through: the two functions below blank what tells who somebody is, and nothing else. They run as
-- the owner, and are known by the stack, which no setting can forge.
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    blanked text[] := '{user_email,ip_address,user_agent,actor_salt,resource_name,personal,subject_salt}';
    stack   text;
BEGIN
    IF TG_OP = 'UPDATE'
            AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.audit_logs'::regclass)
    THEN
        GET DIAGNOSTICS stack = PG_CONTEXT;
        IF stack ~ '(^|\n)[^"\n]*audit_erase_(people|strangers)\('
            AND to_jsonb(NEW) - blanked = to_jsonb(OLD) - blanked
            AND (NEW.user_email = '' AND NEW.ip_address IS NULL AND NEW.user_agent = '' AND NEW.actor_salt IS NULL
                OR (NEW.user_email, NEW.ip_address, NEW.user_agent, NEW.actor_salt)
                    IS NOT DISTINCT FROM (OLD.user_email, OLD.ip_address, OLD.user_agent, OLD.actor_salt))
            AND (NEW.resource_name = '' AND NEW.personal IS NULL AND NEW.subject_salt IS NULL
                OR (NEW.resource_name, NEW.personal, NEW.subject_salt)
                    IS NOT DISTINCT FROM (OLD.resource_name, OLD.personal, OLD.subject_salt))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_logs can be added to, never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

-- A tombstone excuses blanks, so it stands in the sealed log itself.
CREATE TRIGGER erased_people_audit AFTER INSERT ON erased_people FOR EACH ROW
    EXECUTE FUNCTION audit_row_change('SYSTEM', 'erasure', 'id', 'kind', '', '');

CREATE FUNCTION audit_refuse_any_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% can be added to, never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_any_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_any_change();
CREATE TRIGGER erased_people_append_only BEFORE UPDATE OR DELETE ON erased_people
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_any_change();
CREATE TRIGGER erased_people_no_truncate BEFORE TRUNCATE ON erased_people
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_any_change();

-- Blanks who some people are, wherever an entry is by them or about them, and leaves a tombstone for each; returns how
-- many entries changed. An entry by nobody known that is about a person (a refused sign-in) counts as by them.
CREATE FUNCTION audit_erase_people(people uuid[], at timestamptz, actor uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    as_actors   bigint;
    as_subjects bigint;
BEGIN
    UPDATE public.audit_logs SET user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL
    WHERE actor_salt IS NOT NULL
        AND (user_id = ANY (people) OR (user_id IS NULL AND user_role = '' AND subject_id = ANY (people)));
    GET DIAGNOSTICS as_actors = ROW_COUNT;
    UPDATE public.audit_logs SET resource_name = '', personal = NULL, subject_salt = NULL
    WHERE subject_salt IS NOT NULL AND subject_id = ANY (people);
    GET DIAGNOSTICS as_subjects = ROW_COUNT;
    INSERT INTO public.erased_people (kind, subject_id, erased_at, erased_by)
        SELECT 'person', person, at, actor FROM unnest(people) person
        ON CONFLICT DO NOTHING;
    RETURN as_actors + as_subjects;
END
$$;

-- The same for whoever was never known (machines and log-ins at the database have a role, and stay), in entries older than `before`, and older than 90 days in any case.
CREATE FUNCTION audit_erase_strangers(before timestamptz, at timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    as_actors   bigint;
    as_subjects bigint;
    cutoff      timestamptz := least(before, now() - interval '90 days');
BEGIN
    UPDATE public.audit_logs SET user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL
    WHERE timestamp < cutoff AND user_id IS NULL AND user_role = '' AND actor_salt IS NOT NULL;
    GET DIAGNOSTICS as_actors = ROW_COUNT;
    UPDATE public.audit_logs SET resource_name = '', personal = NULL, subject_salt = NULL
    WHERE timestamp < cutoff AND subject_id IS NULL AND subject_salt IS NOT NULL;
    GET DIAGNOSTICS as_subjects = ROW_COUNT;
    IF as_actors + as_subjects > 0 THEN
        INSERT INTO public.erased_people (kind, cutoff, erased_at) VALUES ('strangers', cutoff, at);
    END IF;
    RETURN as_actors + as_subjects;
END
$$;

REVOKE EXECUTE ON FUNCTION audit_erase_people(uuid[], timestamptz, uuid) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION audit_erase_strangers(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase_strangers(timestamptz, timestamptz) TO omega_worker;
GRANT SELECT ON audit_seals, erased_people TO omega_portal, omega_worker;
GRANT INSERT ON audit_seals TO omega_worker;
GRANT SELECT, INSERT, UPDATE ON audit_seal_mark TO omega_worker;
GRANT SELECT ON SEQUENCE audit_logs_id TO omega_worker;
GRANT SELECT, INSERT ON audit_verifications TO omega_portal;
GRANT SELECT, INSERT, UPDATE ON audit_verifications TO omega_worker;
