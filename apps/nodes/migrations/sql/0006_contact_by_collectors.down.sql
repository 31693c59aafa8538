REVOKE UPDATE (collected_at) ON nodes FROM data_collector;
