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
    sketch bytea STORAGE MAIN,
    PRIMARY KEY (series_id, bucket)
);
DO $$
DECLARE
    has_chunks boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb');
    columns    text := (SELECT string_agg(format('%I %s', name, type), ', ') FROM rolled_columns());
    target     text;
    step       interval;
    vital      text;
BEGIN
    FOREACH target IN ARRAY ARRAY['usage_hourly', 'usage_daily'] LOOP
        EXECUTE format('CREATE TABLE %I (node_id uuid NOT NULL, bucket timestamptz NOT NULL, sample_count integer NOT NULL,'
            ' %s, PRIMARY KEY (node_id, bucket))%s', target, columns, CASE WHEN NOT has_chunks THEN ' PARTITION BY RANGE (bucket)' END);
    END LOOP;
    IF NOT has_chunks THEN
        ALTER TABLE metric_hourly RENAME TO metric_hourly_shape;
        CREATE TABLE metric_hourly (LIKE metric_hourly_shape INCLUDING STORAGE) PARTITION BY RANGE (bucket);
        DROP TABLE metric_hourly_shape;
        ALTER TABLE metric_hourly ADD PRIMARY KEY (series_id, bucket);
    END IF;
    -- A row of sketches fills a third of a page and is read whole: better there than beside it in pieces.
    FOREACH vital IN ARRAY rolled_vitals() LOOP
        EXECUTE format('ALTER TABLE usage_hourly ALTER COLUMN %I SET STORAGE MAIN', vital || '_sketch');
    END LOOP;
    FOR target, step IN VALUES ('usage_hourly', interval '30 days'), ('usage_daily', '360 days'), ('metric_hourly', '7 days') LOOP
        IF has_chunks THEN
            IF target <> 'usage_daily' THEN
                EXECUTE format('ALTER TABLE %I SET (toast_tuple_target = 8160)', target);
            END IF;
            PERFORM create_hypertable(target::regclass, 'bucket', chunk_time_interval => step);
        ELSE
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
DO $$
DECLARE
    names text := (SELECT string_agg(quote_ident(name), ', ') FROM rolled_columns());
    -- What the samples no longer tell has to come from the old hours by the day, too.
    older text := format('(SELECT * FROM usage_hourly_before WHERE bucket < %L) AS older', kept_since('usage_metrics'));
BEGIN
    EXECUTE format('INSERT INTO usage_hourly (node_id, bucket, sample_count, %s) %s', names, rolled_before('usage_hourly_before'));
    EXECUTE format('INSERT INTO usage_daily (node_id, bucket, sample_count, %s) %s', names, rolled_days_before(older));
    -- Without TimescaleDB nothing else finds the samples of one hour of all nodes.
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        CREATE INDEX usage_metrics_time ON usage_metrics USING brin (timestamp) WITH (pages_per_range = 16, autosummarize = on);
        CREATE INDEX metric_samples_time ON metric_samples USING brin ("time") WITH (pages_per_range = 16, autosummarize = on);
    END IF;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_hourly, usage_daily, metric_hourly TO omega_worker;
