-- Roll-ups are kept for a time of their own too, and continuous aggregates count as tables that make their own partitions.
-- On plain PostgreSQL: makes the partitions of `parent` that cover [since, until), each `step` long, and moves in
-- what the catch-all partition holds of them. Does nothing for what is not partitioned so: hypertables make their own. Returns how many
-- it made. Runs as the owner, because only an owner may attach partitions.
CREATE OR REPLACE FUNCTION ensure_partitions(parent regclass, step interval, since timestamptz, until timestamptz)
    RETURNS integer LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    base     text := (SELECT relname FROM pg_class WHERE oid = parent);
    time_col text;
    starts   timestamptz := date_bin(step, since, timestamptz '2000-01-03 00:00:00+00');
    part     text;
    made     integer := 0;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = parent) <> 'p' THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ensure_partitions'), parent::oid::integer);
    SELECT a.attname INTO STRICT time_col
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent;
    IF to_regclass(format('public.%I', base || '_default')) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF %s DEFAULT', base || '_default', parent);
    END IF;
    WHILE starts < until LOOP
        part := base || '_p' || to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD');
        IF to_regclass(format('public.%I', part)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            -- Rows move, they do not change: triggers that refuse change stand aside, for this statement only.
            EXECUTE format('ALTER TABLE public.%I DISABLE TRIGGER USER', base || '_default');
            EXECUTE format(
                'WITH moved AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *)'
                ' INSERT INTO public.%I SELECT * FROM moved',
                base || '_default', time_col, starts, time_col, starts + step, part);
            EXECUTE format('ALTER TABLE public.%I ENABLE TRIGGER USER', base || '_default');
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent, part, starts, starts + step);
            made := made + 1;
        END IF;
        starts := starts + step;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the partitions or chunks of `parent` that lie wholly before `cutoff`; returns how many. Runs as the owner,
-- so it takes measurements only: whoever may call it cannot thin out the audit log.
CREATE OR REPLACE FUNCTION drop_partitions(parent regclass, cutoff timestamptz) RETURNS integer
    LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    part     record;
    base     text := (SELECT relname FROM pg_class WHERE oid = parent);
    time_col text;
    dropped  integer := 0;
BEGIN
    IF base NOT IN ('usage_metrics', 'usage_hourly', 'usage_daily', 'metric_samples', 'metric_hourly',
                    'usage_sketches', 'process_snapshots', 'node_heartbeats') THEN
        RAISE EXCEPTION '% is kept', parent USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (SELECT relkind FROM pg_class WHERE oid = parent) <> 'p' THEN
        EXECUTE format('SELECT count(*) FROM public.drop_chunks(%L::regclass, older_than => %L::timestamptz)',
            parent, cutoff) INTO dropped;
        RETURN dropped;
    END IF;
    FOR part IN
        SELECT c.oid::regclass AS name,
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS ends
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent
    LOOP
        IF part.ends <= cutoff THEN
            EXECUTE format('DROP TABLE %s', part.name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    -- The catch-all holds rows only when partitions were not made in time; they expire one by one.
    SELECT a.attname INTO STRICT time_col
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent;
    EXECUTE format('DELETE FROM public.%I WHERE %I < %L', base || '_default', time_col, cutoff);
    RETURN dropped;
END
$$;

