-- The sample before a time of some series, unless it is too old for a rate.
SELECT d.series_id, before.epoch, before.value
FROM unnest(%(series)s::integer[], %(firsts)s::double precision[]) AS d (series_id, first)
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM m."time")::double precision AS epoch, m.value
    FROM metric_samples AS m
    WHERE m.series_id = d.series_id AND m."time" < to_timestamp(d.first)
      AND m."time" >= to_timestamp(d.first - %(gap)s) AND m."time" >= %(oldest)s
    ORDER BY m."time" DESC LIMIT 1
) AS before
