"""Protocols of collectors that are not ours: each body is brought to a `Write`, each answer to the protocol's form."""
