-- The hours go back too: the samples of the older ones are gone.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE usage_hourly_rolled AS SELECT node_id, bucket, sample_count, %s FROM usage_hourly',
        (SELECT string_agg(quote_ident(name), ', ') FROM rolled_columns('1 hour') WHERE name !~ '_count$'));
END
$$;
