-- How many seconds usually lie between two samples, by subject: the median over the newest thirty before `until`.
SELECT asked.subject, percentile_cont(0.5) WITHIN GROUP (ORDER BY distance) AS seconds
FROM unnest(%(subjects)s::{kind}[]) AS asked (subject)
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM newest.{time} - lead(newest.{time}) OVER (ORDER BY newest.{time} DESC))::float8 AS distance
    FROM (
        SELECT {time} FROM {samples}
        WHERE {subject} = asked.subject AND {time} >= %(since)s AND {time} < %(until)s
        ORDER BY {time} DESC LIMIT 30
    ) AS newest
) AS pairs
GROUP BY asked.subject
HAVING count(distance) > 0
