"""Commands of the Reports app."""
