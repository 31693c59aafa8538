"""Management of the Reports app."""
