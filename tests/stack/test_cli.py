"""What the commands of the local stack dare to do by themselves."""

import pytest

from omega_portal.stack.cli import demo_command

BESIDE = "--yes-beside-real-nodes"


def test_demo_mixes_with_real_nodes_in_our_own_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BESIDE in demo_command()

    monkeypatch.setenv("DATABASE_URL", "postgresql://o@db.example.test/omega")
    assert BESIDE not in demo_command()
