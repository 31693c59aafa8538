DROP FUNCTION keep_for(regclass, interval, interval);
DROP FUNCTION roll_up_usage(regclass, interval, uuid[], timestamptz[]);
DROP VIEW series.usage_rollup_days, series.usage_rollup_queue, series.metric_hourly, series.usage_daily, series.usage_hourly,
    readable.metric_hourly, readable.usage_daily, readable.usage_hourly;
