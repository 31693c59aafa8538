-- as: omega_owner
REINDEX TABLE usage_metrics;
ANALYZE usage_metrics;
