-- The Timescale-licensed server keeps the same names itself.
DO $$
DECLARE
    target text;
    width  interval;
    at     text;
BEGIN
    FOR target, width IN VALUES ('usage_hourly', interval '1 hour'), ('usage_daily', '1 day') LOOP
        at := format('time_bucket(interval %L, "timestamp")', width);
        EXECUTE format('CREATE MATERIALIZED VIEW %I WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS'
            ' SELECT node_id, %s AS bucket, count(*)::integer AS sample_count, %s FROM usage_metrics GROUP BY 1, 2 WITH NO DATA',
            target, at, rolled_formulas(width, at));
    END LOOP;
    at := 'time_bucket(interval ''1 hour'', "timestamp")';
    EXECUTE format('CREATE MATERIALIZED VIEW usage_sketches_wide WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS'
        ' SELECT node_id, %s AS bucket, %s FROM usage_metrics GROUP BY 1, 2 WITH NO DATA', at, sketched_formulas(at));
    EXECUTE 'CREATE VIEW usage_sketches AS ' || sketches_of('usage_sketches_wide');
END
$$;
CREATE MATERIALIZED VIEW metric_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(interval '1 hour', "time") AS bucket, count(*)::integer AS sample_count,
    sum(greatest(least(value, 1e300), -1e300)) / count(*) AS avg, min(value) AS min, max(value) AS max,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(least(value, 1e300), -1e300)) AS p95,
    first(value, "time") AS first_value, last(value, "time") AS last_value, min("time") AS first_at, max("time") AS last_at,
    counter_increase(array_agg(value ORDER BY "time")) AS increase,
    sketch_of(array_agg(value), 100,
        (extract(epoch FROM time_bucket(interval '1 hour', "time") - timestamptz '1970-01-01 00:00+00')::bigint / 3600)::integer
    ) AS sketch
FROM metric_samples GROUP BY 1, 2 WITH NO DATA;

DO $$
DECLARE
    kept  record;
    older text := format('(SELECT * FROM usage_hourly_before WHERE bucket < %L) AS older', kept_since('usage_metrics'));
BEGIN
    -- Hours and days whose samples are gone are put where the server keeps what it computed; nothing here asks it to compute
    -- them again.
    FOR kept IN
        SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass AS rows, view_name
        FROM timescaledb_information.continuous_aggregates
        WHERE view_schema = 'public' AND view_name IN ('usage_hourly', 'usage_daily')
    LOOP
        EXECUTE format('INSERT INTO %s (node_id, bucket, sample_count, %s) %s', kept.rows,
            rolled_names(CASE kept.view_name WHEN 'usage_hourly' THEN interval '1 hour' ELSE '1 day' END),
            CASE kept.view_name WHEN 'usage_hourly' THEN rolled_before(older) ELSE rolled_days_before(older) END);
    END LOOP;
END
$$;
GRANT SELECT ON usage_hourly, usage_daily, usage_sketches, metric_hourly TO omega_worker;
-- Eight days: samples are taken up to seven days late. Newer than the end is answered from the samples.
SELECT add_continuous_aggregate_policy('usage_hourly', start_offset => interval '8 days', end_offset => interval '1 hour',
        schedule_interval => interval '1 hour'),
    add_continuous_aggregate_policy('usage_sketches_wide', start_offset => interval '8 days', end_offset => interval '1 hour',
        schedule_interval => interval '1 hour'),
    add_continuous_aggregate_policy('metric_hourly', start_offset => interval '8 days', end_offset => interval '1 hour',
        schedule_interval => interval '1 hour'),
    add_continuous_aggregate_policy('usage_daily', start_offset => interval '9 days', end_offset => interval '1 hour',
        schedule_interval => interval '1 hour');

ALTER TABLE usage_metrics SET (timescaledb.compress, timescaledb.compress_segmentby = 'node_id',
    timescaledb.compress_orderby = '"timestamp" DESC');
ALTER TABLE metric_samples SET (timescaledb.compress, timescaledb.compress_segmentby = 'series_id',
    timescaledb.compress_orderby = '"time" DESC');
ALTER TABLE process_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = 'node_id',
    timescaledb.compress_orderby = '"timestamp" DESC, pid');
ALTER TABLE node_heartbeats SET (timescaledb.compress, timescaledb.compress_segmentby = 'node_id',
    timescaledb.compress_orderby = '"timestamp" DESC');

-- What the policies leave undone: hours that somebody wants now, and hours before their window, newest first. Also takes
-- marks off the queue whose samples a finished run of the policies has seen. Hours and days still open are left alone with
-- their marks: a door marks an open hour only once, and is five minutes late at most with what it writes into it. What
-- lies before all samples that are kept is left alone too. Runs as the owner, by TimescaleDB's own scheduler.
CREATE PROCEDURE refresh_rollups(job_id integer DEFAULT 0, config jsonb DEFAULT NULL) LANGUAGE plpgsql
AS $$
DECLARE
    started  timestamptz := clock_timestamp();
    closed   timestamptz := date_trunc('hour', started - interval '5 minutes', 'UTC');
    last_day timestamptz := date_trunc('day', started - interval '1 hour', 'UTC');
    early    timestamptz := started - interval '7 days 12 hours';
    vitals_since  timestamptz := public.kept_since('public.usage_metrics');
    metrics_since timestamptz := public.kept_since('public.metric_samples');
    policies_ran  timestamptz := (
        SELECT min(s.last_run_started_at) FROM timescaledb_information.job_stats s
        JOIN timescaledb_information.jobs j ON j.job_id = s.job_id
        WHERE j.proc_name = 'policy_refresh_continuous_aggregate' AND s.last_run_status = 'Success'
            AND s.hypertable_name IN (
                SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
                WHERE view_schema = 'public' AND view_name IN ('usage_hourly', 'usage_daily', 'usage_sketches_wide', 'metric_hourly'))
        HAVING count(*) = 4);
    span record;
    part record;
BEGIN
    CREATE TEMPORARY TABLE IF NOT EXISTS marks_read (node_id uuid, bucket timestamptz, touched_at timestamptz);
    FOR span IN
        SELECT min(bucket) AS since, max(bucket) + interval '1 hour' AS until
        FROM (SELECT bucket, bucket - row_number() OVER (ORDER BY bucket) * interval '1 hour' AS run
              FROM (SELECT DISTINCT bucket FROM public.usage_rollup_queue
                    WHERE bucket < closed AND (is_urgent OR bucket < early)) AS marked) AS runs
        GROUP BY run, date_bin('10 days', bucket, '2000-01-03 00:00+00') ORDER BY 1 DESC
    LOOP
        TRUNCATE pg_temp.marks_read;
        INSERT INTO pg_temp.marks_read SELECT node_id, bucket, touched_at FROM public.usage_rollup_queue
        WHERE bucket >= span.since AND bucket < span.until AND (is_urgent OR bucket < early);
        COMMIT;
        FOR part IN VALUES
            ('public.usage_hourly', greatest(span.since, vitals_since), span.until),
            ('public.usage_sketches_wide', greatest(span.since, vitals_since), span.until),
            ('public.metric_hourly', greatest(span.since, metrics_since), span.until),
            ('public.usage_daily', greatest(date_trunc('day', span.since, 'UTC'), vitals_since),
                least(date_trunc('day', span.until - interval '1 second', 'UTC') + interval '1 day', last_day))
        LOOP
            IF part.column2 < part.column3 THEN
                CALL public.refresh_continuous_aggregate(part.column1::regclass, part.column2, part.column3);
                COMMIT;
            END IF;
        END LOOP;
        -- Only marks that were there before: whatever was written since has touched its mark again.
        DELETE FROM public.usage_rollup_queue AS q USING pg_temp.marks_read AS r
        WHERE q.node_id = r.node_id AND q.bucket = r.bucket AND q.touched_at = r.touched_at;
        COMMIT;
    END LOOP;
    -- No transaction of a door is under way for five minutes; the policies leave the last hour out.
    DELETE FROM public.usage_rollup_queue
    WHERE bucket >= early AND NOT is_urgent AND touched_at < policies_ran - interval '5 minutes'
        AND bucket + interval '1 hour' <= policies_ran - interval '1 hour';
END
$$;
SELECT add_job('refresh_rollups', interval '1 minute');
