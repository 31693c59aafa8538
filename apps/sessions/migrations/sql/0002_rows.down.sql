DROP TRIGGER user_sessions_audit ON user_sessions;
DROP TRIGGER user_sessions_forget ON user_sessions;
DROP FUNCTION user_sessions_forget();
DROP TRIGGER user_sessions_find_people ON user_sessions;
DROP FUNCTION user_sessions_find_people();
DROP VIEW readable.user_sessions;
SELECT unguard_table('user_sessions');
REVOKE ALL ON user_sessions FROM omega_portal, omega_worker, data_collector;
