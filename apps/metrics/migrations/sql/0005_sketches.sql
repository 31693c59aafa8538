-- Percentile sketches from built-in parts alone, so that every server makes the same bytes. apps/metrics/sketch.py says
-- what the bytes mean and makes them too.
CREATE FUNCTION sketch_of(points double precision[], capacity integer, phase integer DEFAULT 0) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most    CONSTANT double precision := 3.4028234663852886e38;
    least_  CONSTANT double precision := 1.1754943508222875e-38;
    ordered real[];
    n       bigint;
    k       bigint;
    level   integer := 0;
BEGIN
    -- What needs no thinning, which is usual, takes a third of the time this way.
    IF cardinality(points) <= capacity THEN
        RETURN (
            SELECT '\x00'::bytea || int2send(count(*)::smallint) || string_agg(float4send(kept), ''::bytea ORDER BY kept)
            FROM (SELECT CASE WHEN abs(point) < least_ THEN 0 ELSE greatest(least(point, most), -most) END::real AS kept
                  FROM unnest(points) AS point WHERE point <> 'NaN') AS bounded);
    END IF;
    ordered := ARRAY(
        SELECT CASE WHEN abs(point) < least_ THEN 0 ELSE greatest(least(point, most), -most) END::real
        FROM unnest(points) AS point WHERE point <> 'NaN' ORDER BY 1);
    n := cardinality(ordered);
    k := n;
    WHILE k > capacity LOOP
        level := level + 1;
        k := (2 * n + (1::bigint << level)) / (1::bigint << (level + 1));
    END LOOP;
    RETURN (
        SELECT set_byte('\x00', 0, level) || int2send(k::smallint)
            || string_agg(float4send(ordered[((2 * i + 1) * n - (phase & 1)) / (2 * k) + 1]), ''::bytea)
        FROM generate_series(0, k - 1) AS i);
END
$$;
-- For people: sketch(256) WITHIN GROUP (ORDER BY cpu_percent).
CREATE FUNCTION sketch_final(points double precision[], capacity integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT public.sketch_of(points, capacity, 0) $$;
CREATE AGGREGATE sketch(integer ORDER BY double precision) (
    SFUNC = array_append, STYPE = double precision[], FINALFUNC = sketch_final, INITCOND = '{}', PARALLEL = SAFE);

CREATE FUNCTION sketch_points(sketches bytea) RETURNS TABLE (point double precision, weight bigint)
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    at    integer := 0;
    bits  bigint;
    part  integer;
BEGIN
    WHILE at < length(sketches) LOOP
        weight := 1::bigint << get_byte(sketches, at);
        FOR part IN 0 .. get_byte(sketches, at + 1) * 256 + get_byte(sketches, at + 2) - 1 LOOP
            bits := ('x' || encode(substr(sketches, at + 4 + 4 * part, 4), 'hex'))::bit(32)::bigint;
            point := CASE WHEN bits & 2139095040 = 0 THEN 0
                ELSE (1 - 2 * (bits >> 31)) * (8388608 + (bits & 8388607)) * power(2::double precision, ((bits >> 23) & 255) - 150)
                END;
            RETURN NEXT;
        END LOOP;
        at := at + 3 + 4 * part;
    END LOOP;
END
$$;
-- The value below which `fraction` of the samples of one or several concatenated sketches lie.
CREATE FUNCTION approx_percentile(fraction double precision, sketches bytea) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT percentile_cont(fraction) WITHIN GROUP (ORDER BY point)
    FROM public.sketch_points(sketches), generate_series(1, weight)
$$;

-- How much a counter grew over samples in order; a value below the one before it is a fresh start from nought.
CREATE FUNCTION counter_increase(samples double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(CASE WHEN value >= earlier THEN value - earlier ELSE value END), 0)
    FROM (SELECT value, lag(value) OVER (ORDER BY place) AS earlier
          FROM (SELECT greatest(least(value, 1e300), -1e300) AS value, place
                FROM unnest(samples) WITH ORDINALITY AS sample (value, place)) AS bounded) AS step
    WHERE earlier IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION sketch_of(double precision[], integer, integer), sketch_final(double precision[], integer),
    sketch(integer, double precision), sketch_points(bytea), approx_percentile(double precision, bytea),
    counter_increase(double precision[]) TO PUBLIC;

-- The vitals that are rolled up, the columns each has, and what they are made of: said once for all tiers.
CREATE FUNCTION rolled_vitals() RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{cpu_percent,cpu_temp,load_1m,ram_percent,ram_used_gb,swap_percent,gpu_utilization,gpu_memory_percent,gpu_temp,
    disk_percent,disk_read_mb_s,disk_write_mb_s,disk_io_wait_percent,net_sent_mb_s,net_recv_mb_s,process_count}'::text[] $$;

-- How a vital's sketch over `width` is made, whose bucket is the expression `bucket`: a hundred points an hour, and
-- enough of them in a day.
CREATE FUNCTION sketch_formula(vital text, width interval, bucket text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('public.sketch_of(array_agg(%I), %s, (extract(epoch FROM %s - timestamptz %L)::bigint / %s)::integer)',
        vital, CASE width WHEN interval '1 hour' THEN 100 ELSE 256 END, bucket, '1970-01-01 00:00+00',
        extract(epoch FROM width)::integer)
$$;

-- The columns of a roll-up of `width`. Days have their sketches beside them, hours in a narrow table: there one vital's
-- are read without all the others'.
CREATE FUNCTION rolled_columns(width interval, bucket text DEFAULT 'bucket') RETURNS TABLE (name text, type text, formula text)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(part.name, vital), part.type, coalesce(format(part.formula, vital), public.sketch_formula(vital, width, bucket))
    FROM unnest(public.rolled_vitals()) WITH ORDINALITY AS v (vital, place)
    CROSS JOIN (VALUES
        (1, '%s_count', 'integer', 'count(%I)::integer'),
        (2, '%s_avg', 'double precision', 'avg(%I)::double precision'),
        (3, '%s_min', 'real', 'min(%I)::real'),
        (4, '%s_max', 'real', 'max(%I)::real'),
        (5, '%s_p95', 'real', '(percentile_cont(0.95) WITHIN GROUP (ORDER BY %I))::real'),
        (6, '%s_sketch', 'bytea', NULL)
    ) AS part (place, name, type, formula)
    WHERE part.place < 6 OR width > interval '1 hour'
    ORDER BY part.place = 6, v.place, part.place
$$;

-- Their names, and what they are made of, as select lists.
CREATE FUNCTION rolled_names(width interval) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT string_agg(quote_ident(name), ', ') FROM public.rolled_columns(width) $$;
CREATE FUNCTION rolled_formulas(width interval, bucket text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT string_agg(formula || ' AS ' || quote_ident(name), ', ') FROM public.rolled_columns(width, bucket) $$;

-- What the narrow table of an hour's sketches is made from: of every vital a count, the percentile and the sketch.
CREATE FUNCTION sketched_formulas(bucket text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('count(%1$I)::integer AS %2$I, (percentile_cont(0.95) WITHIN GROUP (ORDER BY %1$I))::real AS %3$I,'
        ' %4$s AS %5$I', vital, vital || '_count', vital || '_p95', public.sketch_formula(vital, '1 hour', bucket), vital || '_sketch'), ', ')
    FROM unnest(public.rolled_vitals()) AS vital
$$;

-- The same as rows of the narrow table, out of a source of such columns: a branch for each vital, of which a reader of one
-- vital touches one.
CREATE FUNCTION sketches_of(source text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('SELECT %1$L::text AS vital, node_id, bucket, %2$I AS value_count, %3$I AS p95, %4$I AS sketch'
        ' FROM %5$s WHERE %4$I IS NOT NULL', vital, vital || '_count', vital || '_p95', vital || '_sketch', source), ' UNION ALL ')
    FROM unnest(public.rolled_vitals()) AS vital
$$;
