"""What was done, by whom, from where and why: rows that can be added but never changed."""
