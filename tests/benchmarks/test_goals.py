"""Every goal at the smallest size: what it counts must be right; how fast it was is nobody's business here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cli import GOALS
from tests import database

pytestmark = pytest.mark.flow
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("goal", GOALS)
def test_a_goal_counts_right_at_the_smallest_size(goal: str, django_db_setup: None, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    size = ["--quick", "--nodes", "20", "--rounds", "1", "--seconds", "0.3", "--json", str(results)]

    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", goal, *size],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database.url()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(results.read_text(encoding="utf8"))
    assert (found["goal"], found["correct"], found["faults"], len(found["rounds"])) == (goal, True, [], 1)
    assert found["versions"]["postgresql"]
    assert found["machine"]["cores"] >= 1


def test_an_unknown_goal_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "g0"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert "invalid choice: 'g0'" in ended.stderr


def test_a_server_elsewhere_is_left_alone() -> None:
    elsewhere = {"DATABASE_URL": "postgresql://owner:none@db.example.test/omega", "SECRET_KEY": "only-for-checks"}

    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", GOALS[0], "--quick"],
        cwd=ROOT, env=os.environ | elsewhere, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert "benchmarks run on this machine only" in ended.stderr
