DROP INDEX metric_series_of_vitals;
REVOKE ALL ON vitals_sources FROM omega_worker;
