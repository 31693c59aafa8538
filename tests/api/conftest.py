"""Whose programs ask."""

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def ada(client_as: Callable[[str], Client]) -> Client:
    """Ada administers the default tenant."""
    return client_as("ADMIN")
