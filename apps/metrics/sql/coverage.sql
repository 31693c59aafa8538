-- How completely a node reported its vitals since %(since)s, by its own cadence: the usual distance of its samples.
-- A gap is a distance of more than two and a half cadences; what is missing of it is all but one of them.
WITH samples AS (
    SELECT "timestamp" AS at, lag("timestamp") OVER (ORDER BY "timestamp") AS before
    FROM usage_metrics
    WHERE node_id = %(node_id)s AND "timestamp" >= %(since)s AND "timestamp" < %(until)s
), cadence AS (
    SELECT count(*) AS distances,
           coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - before)), %(usual)s) AS seconds
    FROM samples
    WHERE before IS NOT NULL
), spans AS (
    SELECT before AS starts, at AS ends FROM samples WHERE before IS NOT NULL
    UNION ALL
    SELECT %(since)s, coalesce(min(at), %(until)s) FROM samples
    UNION ALL
    SELECT max(at), %(until)s FROM samples HAVING count(*) > 0
), gaps AS (
    SELECT s.starts, s.ends, extract(epoch FROM s.ends - s.starts) - c.seconds AS missing
    FROM spans AS s, cadence AS c
    WHERE extract(epoch FROM s.ends - s.starts) > 2.5 * c.seconds
), longest AS (
    SELECT starts, ends FROM gaps ORDER BY missing DESC, starts LIMIT %(most)s
)
SELECT c.seconds::double precision AS cadence_seconds,
       (SELECT count(*) FROM samples) AS samples,
       (SELECT count(*) FROM gaps) AS gap_count,
       (SELECT coalesce(sum(missing), 0)::double precision FROM gaps) AS missing_seconds,
       ARRAY (SELECT starts FROM longest) AS starts,
       ARRAY (SELECT ends FROM longest) AS ends
FROM cadence AS c
