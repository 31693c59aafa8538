-- Whoever is here at the change counts as vouched for just now.
UPDATE users SET vouched_at = now() WHERE auth_provider = 'keycloak';
UPDATE web_sessions SET vouched_at = now() WHERE auth_provider = 'keycloak' AND revoked_at IS NULL;

SELECT publish_view('readable', 'users',
    rows_of_person() || ' OR (' || rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ')',
    all_readers(), '{password}');
SELECT publish_view('readable', 'web_sessions',
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND '
        || rows_of_colleague('web_sessions.user_id') || ')',
    all_readers(), '{session_digest,refresh_token,id_token}');
