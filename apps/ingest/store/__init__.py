"""How a group of requests is stored: one transaction, each table once, rows in the same order everywhere."""
