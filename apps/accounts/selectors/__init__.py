"""Reads of people and what belongs to them; one module per subject."""
