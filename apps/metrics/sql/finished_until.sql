-- Until when all that was being written is written, and forgets the notes before it. A door decides by its own clock
-- whether an hour is over, and then takes a moment to begin writing: a minute is allowed for both.
WITH newest AS (
    SELECT max(noted_at) AS noted_at FROM rollup_barriers
    WHERE NOT EXISTS (SELECT FROM pg_locks WHERE virtualtransaction = ANY (writers))
), forgotten AS (
    DELETE FROM rollup_barriers b USING newest WHERE b.noted_at < newest.noted_at
)
SELECT noted_at - interval '1 minute' AS finished_until FROM newest
