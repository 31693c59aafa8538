"""Performance summaries, optimization reports and capacity forecasts."""
