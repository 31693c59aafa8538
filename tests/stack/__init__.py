"""Tests of the local stack program; none of them needs Django or a running portal."""
