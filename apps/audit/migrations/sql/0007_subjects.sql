-- Whom an entry is about when it does not say: an account by its id, or by the e-mail that somebody typed; the owner of a
-- token, session, quota or request; whoever is invited. Tables are looked at only for entries of their kind.
CREATE OR REPLACE FUNCTION audit_subject(kind text, key text, name text) RETURNS uuid
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    id    uuid := public.audit_uuid(key);
    found uuid;
BEGIN
    IF kind = 'user' AND (key <> '' OR name = '') THEN
        found := id;
    ELSIF kind = 'user' THEN
        SELECT u.user_id INTO found FROM public.users u WHERE upper(u.email) = upper(name);
    ELSIF kind = 'api_token' THEN
        SELECT t.user_id INTO found FROM public.api_tokens t WHERE t.key_id = key;
    ELSIF kind = 'web_session' THEN
        SELECT s.user_id INTO found FROM public.web_sessions s WHERE s.token_id = id;
    ELSIF kind = 'quota' THEN
        SELECT q.user_id INTO found FROM public.quotas q WHERE q.quota_id = id;
    ELSIF kind = 'quota_request' THEN
        SELECT r.user_id INTO found FROM public.quota_requests r WHERE r.request_id = id;
    ELSIF kind = 'invitation' THEN
        SELECT i.user_id INTO found FROM public.invitations i WHERE i.invitation_id = id;
        found := coalesce(found, id);
    END IF;
    RETURN found;
END
$$;
