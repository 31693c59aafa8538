"""Tenants, people, their roles, and the one table that says what a role may do."""
