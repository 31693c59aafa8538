"""Trouble under load: what was acknowledged is stored once, nobody gets a 500, and all recovers without hands."""
