-- Servers without continuous aggregates: tables of the same names and columns, kept by a job.
CREATE TABLE metric_hourly (
    series_id integer NOT NULL,
    bucket timestamptz NOT NULL,
    sample_count integer NOT NULL,
    avg double precision,
    min double precision,
    max double precision,
    p95 double precision,
    first_value double precision,
    last_value double precision,
    first_at timestamptz,
    last_at timestamptz,
    increase double precision,
    sketch bytea,
    PRIMARY KEY (series_id, bucket)
);
DO $$
DECLARE
    has_chunks boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb');
    target     text;
    step       interval;
    width      interval;
BEGIN
    FOR target, width IN VALUES ('usage_hourly', interval '1 hour'), ('usage_daily', '1 day') LOOP
        EXECUTE format('CREATE TABLE %I (node_id uuid NOT NULL, bucket timestamptz NOT NULL, sample_count integer NOT NULL,'
            ' %s, PRIMARY KEY (node_id, bucket))%s', target,
            (SELECT string_agg(format('%I %s', name, type), ', ') FROM rolled_columns(width)),
            CASE WHEN NOT has_chunks THEN ' PARTITION BY RANGE (bucket)' END);
    END LOOP;
    IF NOT has_chunks THEN
        ALTER TABLE metric_hourly RENAME TO metric_hourly_shape;
        CREATE TABLE metric_hourly (LIKE metric_hourly_shape) PARTITION BY RANGE (bucket);
        DROP TABLE metric_hourly_shape;
        ALTER TABLE metric_hourly ADD PRIMARY KEY (series_id, bucket);
    END IF;
    EXECUTE 'CREATE TABLE usage_sketches (vital text NOT NULL, node_id uuid NOT NULL, bucket timestamptz NOT NULL,'
        ' value_count integer NOT NULL, p95 real, sketch bytea NOT NULL, PRIMARY KEY (vital, node_id, bucket))'
        || CASE WHEN has_chunks THEN '' ELSE ' PARTITION BY RANGE (bucket)' END;
    FOR target, step IN VALUES ('usage_hourly', interval '30 days'), ('usage_daily', '360 days'), ('metric_hourly', '7 days'),
        ('usage_sketches', '1 day')
    LOOP
        IF has_chunks THEN
            PERFORM create_hypertable(target::regclass, 'bucket', chunk_time_interval => step,
                create_default_indexes => target <> 'usage_sketches');
        ELSIF target <> 'usage_sketches' THEN
            EXECUTE format('CREATE INDEX ON %I (bucket DESC)', target);
        END IF;
    END LOOP;
END
$$;
SELECT ensure_partitions('usage_hourly', '30 days',
    least((SELECT min(bucket) FROM usage_hourly_before), now() - interval '60 days'), now() + interval '60 days');
SELECT ensure_partitions('usage_daily', '360 days',
    least((SELECT min(bucket) FROM usage_hourly_before), now() - interval '60 days'), now() + interval '60 days');
SELECT ensure_partitions('metric_hourly', '7 days', now() - interval '14 days', now() + interval '14 days');
SELECT ensure_partitions('usage_sketches', '1 day',
    greatest(least((SELECT min(bucket) FROM usage_hourly_before), now() - interval '8 days'), now() - interval '90 days'),
    now() + interval '4 days');
DO $$
DECLARE
    -- What the samples no longer tell has to come from the old hours by the day, too.
    older text := format('(SELECT * FROM usage_hourly_before WHERE bucket < %L) AS older', kept_since('usage_metrics'));
BEGIN
    EXECUTE format('INSERT INTO usage_hourly (node_id, bucket, sample_count, %s) %s', rolled_names('1 hour'), rolled_before('usage_hourly_before'));
    EXECUTE format('INSERT INTO usage_daily (node_id, bucket, sample_count, %s) %s', rolled_names('1 day'), rolled_days_before(older));
    -- Without TimescaleDB nothing else finds the samples of one hour of all nodes.
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        CREATE INDEX usage_metrics_time ON usage_metrics USING brin (timestamp) WITH (pages_per_range = 16, autosummarize = on);
        CREATE INDEX metric_samples_time ON metric_samples USING brin ("time") WITH (pages_per_range = 16, autosummarize = on);
    END IF;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_hourly, usage_daily, usage_sketches, metric_hourly TO omega_worker;
