INSERT INTO ingest_pulses (process_id, pulse_at, unbroken_since)
VALUES (%(process_id)s, %(now)s, %(unbroken_since)s)
ON CONFLICT (process_id) DO UPDATE
SET pulse_at = excluded.pulse_at, unbroken_since = excluded.unbroken_since
