"""An empty installation, and one whose servers can be run by whoever runs the tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from omega_portal.stack.places import CHECKOUT, Place, open_place
from omega_portal.stack.processes import find, stop

GIVEN = {"REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "INGEST_PUBLIC_URL", "ALLOWED_HOSTS"}


def _stop_all(place: Place) -> None:
    for path in place.run.glob("*.json"):
        record = find(place, path.stem)
        if record is not None:
            stop(place, record, patience_seconds=5)


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is given by environment, whatever the test run itself was given."""
    for name in list(os.environ):
        if name.startswith("DATABASE_") or name.removesuffix("_FILE") in GIVEN:
            monkeypatch.delenv(name)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation that drops no rights, for everything but servers."""
    for name in ("log", "run", "data", "programs"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets").mkdir(mode=0o700)
    made = Place(tmp_path, tmp_path / "data", tmp_path / "programs", None)
    yield made
    _stop_all(made)


@pytest.fixture
def server_place() -> Iterator[Place]:
    """An installation in a directory that an unprivileged account can reach, with the checkout's programs."""
    local = Path(tempfile.mkdtemp(prefix="omega-stack-", dir="/var/tmp"))
    local.chmod(0o755)
    opened = open_place(local)
    downloaded = CHECKOUT / ".local" / "programs"
    made = Place(opened.root, opened.data, downloaded if downloaded.is_dir() else opened.programs, opened.account)
    yield made
    _stop_all(made)
    shutil.rmtree(local)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the front of PATH for stand-ins of programs from outside."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder
