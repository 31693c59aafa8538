-- Agents tell logins, an ADMIN corrects them. A person sees their own; who sees people at all sees their tenant's.
GRANT SELECT, INSERT, UPDATE ON user_sessions TO omega_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_sessions TO omega_worker;
GRANT SELECT, INSERT, UPDATE (logout_time, active_processes, peak_cpu_usage, peak_ram_usage, is_active, reported_at)
    ON user_sessions TO data_collector;

SELECT guard_table('user_sessions',
    reads => rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'SYSTEM') || ' AND '
        || rows_of_node('user_sessions') || ')',
    writes => only_roles('ADMIN', 'SYSTEM') || ' AND ' || rows_of_node('user_sessions'),
    others => '{omega_worker,data_collector}');
SELECT publish_view('readable', 'user_sessions',
    rows_of_person() || ' OR (' || only_roles('ADMIN', 'DEVOPS', 'ANALYST', 'READONLY', 'SYSTEM') || ' AND '
        || rows_of_node('user_sessions') || ')',
    all_readers());

-- Gives new logins to the person of their tenant who has this e-mail or name, if it is exactly one. It runs as the
-- owner: the collector reads nobody. Set-based, because a terminal server may tell hundreds at once.
CREATE FUNCTION user_sessions_find_people() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    UPDATE public.user_sessions s SET user_id = one.who
    FROM (
        SELECT a.session_id, min(u.user_id::text)::uuid AS who
        FROM added a
        JOIN public.nodes n USING (node_id)
        JOIN public.users u ON u.tenant_id = n.tenant_id
            AND (upper(u.email) = upper(a.username) OR (u.username <> '' AND u.username = a.username))
        WHERE a.user_id IS NULL
        GROUP BY a.session_id
        HAVING count(*) = 1
    ) AS one
    WHERE s.session_id = one.session_id;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION user_sessions_find_people() FROM PUBLIC;
CREATE TRIGGER user_sessions_find_people AFTER INSERT ON user_sessions REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION user_sessions_find_people();

-- Only erasing takes a person away as the owner: what says who it was goes with them.
CREATE FUNCTION user_sessions_forget() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.username := 'erased ' || NEW.session_id;
    NEW.active_processes := '[]';
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION user_sessions_forget() FROM PUBLIC;
CREATE TRIGGER user_sessions_forget BEFORE UPDATE OF user_id ON user_sessions FOR EACH ROW
    WHEN (OLD.user_id IS NOT NULL AND NEW.user_id IS NULL AND current_user NOT IN ('omega_portal', 'omega_worker'))
    EXECUTE FUNCTION user_sessions_forget();

-- What machines tell is no correction. Who somebody is stands in the row alone, so that erasing it there is enough.
CREATE TRIGGER user_sessions_audit AFTER INSERT OR UPDATE OR DELETE ON user_sessions FOR EACH ROW
    WHEN (current_user <> 'data_collector' AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION audit_row_change('SESSION', 'user_session', 'session_id', 'session_id',
        'username,active_processes,reported_at,session_duration_minutes', '');
