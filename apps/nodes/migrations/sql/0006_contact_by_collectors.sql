GRANT UPDATE (collected_at) ON nodes TO data_collector;
