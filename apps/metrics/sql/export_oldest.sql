-- The oldest sample of each subject within [since, until), for those that have one.
SELECT oldest.at AS oldest
FROM unnest(%(subjects)s::{kind}[]) AS asked (subject)
CROSS JOIN LATERAL (
    SELECT {time} AS at FROM {samples}
    WHERE {subject} = asked.subject AND {time} >= %(since)s AND {time} < %(until)s
    ORDER BY {time} LIMIT 1
) AS oldest
