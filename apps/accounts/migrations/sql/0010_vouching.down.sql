SELECT publish_view('readable', 'users',
    rows_of_person() || ' OR (' || rows_of_tenant() || ' AND ' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ')',
    all_readers(), '{password,vouched_at}');
SELECT publish_view('readable', 'web_sessions',
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND '
        || rows_of_colleague('web_sessions.user_id') || ')',
    all_readers(), '{session_digest,refresh_token,id_token,vouched_at}');
