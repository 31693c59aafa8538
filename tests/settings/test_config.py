"""Settings come from the environment or from files; production starts on safe values only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from omega_portal.settings.config import Config

ROOT = Path(__file__).parents[2]
SAFE = {
    "OMEGA_ENV": "production",
    "OMEGA_PROCESS": "web",
    "SECRET_KEY": "s" * 50,
    "DATABASE_URL": "postgresql://omega_owner:secret@db.example.test/omega",
    "DATABASE_TLS": "verify-full",
    "REDIS_URL": "rediss://cache.example.test:6379/0",
    "PUBLIC_URL": "https://omega.example.test",
    "INGEST_PUBLIC_URL": "https://ingest.example.test",
    "ALLOWED_HOSTS": "omega.example.test",
}
UNSAFE = [
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "s" * 49),
    ("PUBLIC_URL", "http://omega.example.test"),
    ("INGEST_PUBLIC_URL", "http://ingest.example.test"),
    ("ALLOWED_HOSTS", "*"),
    ("ALLOWED_HOSTS", "omega.example.test, *"),
    ("ALLOWED_HOSTS", ".example.test,*"),
    ("DATABASE_TLS", "disable"),
    ("DATABASE_TLS", "prefer"),
    ("DATABASE_TLS", "require"),
    ("DATABASE_PORTAL_URL", "postgresql://omega_portal:p@db.example.test/omega?sslmode=require"),
    ("DATABASE_WORKER_URL", "postgresql://omega_worker:p@db.example.test/omega?sslmode=disable"),
    ("DATABASE_ADMIN_URL", "postgresql://postgres:p@db.example.test/postgres?sslmode=require"),
    ("REDIS_URL", "redis://cache.example.test:6379/0"),
    ("REDIS_URL", "redis://:127.0.0.1@cache.example.test:6379/0"),
    ("REDIS_URL", "redis://127.0.0.1.example.test:6379/0"),
    ("REDIS_URL", "redis://localhost.example.test:6379/0"),
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the variables of whoever runs the tests."""
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def config(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Config:
    """Read the settings from an environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Config()  # type: ignore[call-arg]


def start(program: str = "import django; django.setup()", /, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Start Django on an environment of nothing but these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-c", program]
    environment = kept | {"DJANGO_SETTINGS_MODULE": "omega_portal.settings.django"} | variables
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_safe_values_start_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config(monkeypatch, **SAFE).unsafe_values() == []


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_each_unsafe_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = config(monkeypatch, **SAFE | {name: value}).unsafe_values()

    expected = "DATABASE_TLS" if name.startswith("DATABASE_") else name
    assert [problem.partition(":")[0] for problem in found] == [expected]


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "redis://:p@127.0.0.5/1", "redis://localhost/0", "redis://[::1]:6379/0"]
)
def test_services_on_this_machine_need_no_encryption(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"REDIS_URL": url, "DATABASE_URL": "postgresql://o:p@127.0.0.1:5432/omega", "DATABASE_TLS": "disable"}

    assert config(monkeypatch, **SAFE | here).unsafe_values() == []


def test_production_refuses_to_start_and_names_every_variable() -> None:
    refused = start(**SAFE | {"PUBLIC_URL": "http://x", "SECRET_KEY": "top-secret-value"})

    assert refused.returncode != 0
    assert "refuses to start" in refused.stderr
    assert "PUBLIC_URL" in refused.stderr
    assert "SECRET_KEY" in refused.stderr
    assert "top-secret-value" not in refused.stderr


def test_missing_and_misspelt_values_are_named() -> None:
    refused = start(OMEGA_ENV="prod", DATABASE_POOL_SIZE="many")

    assert refused.returncode != 0
    last = refused.stderr.strip().splitlines()[-1]
    assert all(name in last for name in ("OMEGA_ENV", "SECRET_KEY", "DATABASE_POOL_SIZE"))


@pytest.mark.parametrize(("asked", "whole"), [({}, False), ({"HSTS_WHOLE_DOMAIN": "true"}, True)])
def test_other_hosts_of_the_domain_are_bound_to_https_only_when_asked(asked: dict[str, str], whole: bool) -> None:
    shown = "from omega_portal.settings import django as s; "
    shown += "print(s.SECURE_HSTS_SECONDS > 0, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"

    assert start(shown, **SAFE | asked).stdout.split() == ["True", str(whole), str(whole)]


def test_web_starts_without_the_owners_url() -> None:
    only_its_own = {name: value for name, value in SAFE.items() if name != "DATABASE_URL"}
    url = "postgresql://omega_portal:p@db.example.test/omega"

    assert start(**only_its_own, DATABASE_PORTAL_URL=url).returncode == 0
    refused = start(**only_its_own)
    assert (refused.returncode != 0, "DATABASE_URL" in refused.stderr) == (True, True)


@given(secret=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1))
def test_secret_from_a_file_is_taken_without_its_line_end(
    secret: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("secrets") / "key"
    for ending in ("", "\n", "\r\n"):
        file.write_bytes((secret + ending).encode())
        with pytest.MonkeyPatch.context() as patch:
            assert config(patch, SECRET_KEY_FILE=str(file)).secret_key.get_secret_value() == secret


def test_variable_wins_over_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file", encoding="utf8")
    found = config(monkeypatch, SECRET_KEY="from the environment", SECRET_KEY_FILE=str(tmp_path / "key"))

    assert found.secret_key.get_secret_value() == "from the environment"


def test_any_variable_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("ALLOWED_HOSTS", "a.example.test, b.example.test\n"), ("TRUSTED_PROXIES", "2\n")):
        (tmp_path / name).write_text(value, encoding="utf8")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    found = config(monkeypatch, SECRET_KEY="x")

    assert (found.allowed_hosts, found.trusted_proxies) == (["a.example.test", "b.example.test"], 2)


def test_file_that_is_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        config(monkeypatch, SECRET_KEY_FILE="/absent/key")


@pytest.mark.parametrize(
    ("name", "value"),
    [("TRUSTED_PROXIES", "6"), ("DATABASE_POOL_SIZE", "0"), ("LOG_LEVEL", "LOUD"), ("RAW_RETENTION_DAYS", "7")],
)
def test_value_out_of_range_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=name.lower()):
        config(monkeypatch, SECRET_KEY="x", **{name: value})


def test_secrets_do_not_show_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = config(monkeypatch, **SAFE)

    assert "secret@" not in repr(found)
    assert "s" * 50 not in repr(found)
