-- Claims a slot for one worker. No row comes back when it is done, given up, or being worked on.
INSERT INTO job_runs AS r (schedule, slot, status, attempts, lease_until, started_at)
VALUES (%(schedule)s, %(slot)s, 'running', 1, now() + %(seconds)s * interval '1 second', now())
ON CONFLICT (schedule, slot) DO UPDATE SET
    status = CASE WHEN r.attempts >= %(most)s THEN 'dead' ELSE 'running' END,
    attempts = r.attempts + 1,
    lease_until = excluded.lease_until,
    started_at = now()
WHERE r.status = 'running' AND r.lease_until < now() OR r.status = 'failed' AND r.attempts < %(most)s
RETURNING status, attempts
