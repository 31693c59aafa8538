"""Who sees which rows, shown by the database itself."""
