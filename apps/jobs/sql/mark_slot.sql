-- Notes the newest slot that was sent, unless a later lease has sent one already: a beat that slept is fenced off.
INSERT INTO schedule_marks AS m (schedule, last_slot, token) VALUES (%(schedule)s, %(slot)s, %(token)s)
ON CONFLICT (schedule) DO UPDATE SET last_slot = excluded.last_slot, token = excluded.token
WHERE m.token <= excluded.token AND m.last_slot < excluded.last_slot
RETURNING schedule
