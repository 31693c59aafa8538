"""The database connection of a thread, given back while the thread has other things to do."""

from django.db import connections


def give_back() -> None:
    """Give back the thread's connections that are not to be kept; the next question to the database takes one again.

    One inside an atomic block stays: what is not committed there would be lost.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
