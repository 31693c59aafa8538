"""Instance pools, schedules, scaling decisions and storage."""
