"""Measurements of the portal against the plain thing done well, one module per goal; see README.md."""
