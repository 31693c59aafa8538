DROP FUNCTION keep_for(regclass, interval, interval);
DROP FUNCTION sketches_since();
DROP FUNCTION roll_up_days(uuid[], timestamptz[]), roll_up_hours(uuid[], timestamptz[], boolean[], timestamptz);
DROP VIEW series.usage_rollup_days, series.usage_rollup_queue, series.metric_hourly, series.usage_daily, series.usage_hourly,
    readable.metric_hourly, readable.usage_daily, readable.usage_hourly;
