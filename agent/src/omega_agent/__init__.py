"""Node agent of Omega Portal: spools what it measures to disk, then delivers it."""

__version__ = "0.1.0"
