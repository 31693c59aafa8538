"""Compute sessions, their placement and allocations, and logins on machines."""
