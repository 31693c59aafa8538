"""All time series: samples, newest values, roll-ups, retention and the queries over them."""
