"""Signing in through an identity provider, honest and hostile."""
