-- A correction is bounded by its own ceiling: that of decompressing for one transaction is lifted for it.
SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true)
