"""Finding Java and Keycloak: what suffices is taken, what is missing is said."""

from pathlib import Path

import pytest

from omega_portal.stack.console import StackError
from omega_portal.stack.java import find_java, version_of
from omega_portal.stack.keycloak import Programs, cache_directory, find_keycloak


def runtime(folder: Path, version: str) -> Path:
    """A folder that looks like a Java runtime."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch(mode=0o755)
    (folder / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    return folder


@pytest.mark.parametrize(("written", "version"), [("25.0.3", 25), ("21", 21), ("17.0.15", 17), ("1.8.0_402", 8)])
def test_version_is_read_from_the_runtime_itself(tmp_path: Path, written: str, version: int) -> None:
    assert version_of(runtime(tmp_path, written)) == version


def test_folder_without_a_runtime_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "release").write_text('JAVA_VERSION="21.0.1"\n')

    assert version_of(tmp_path) is None
    assert version_of(tmp_path / "nowhere") is None


def test_java_home_is_taken_when_it_suffices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(runtime(tmp_path / "java", "21.0.2")))

    assert find_java(tmp_path, 21) == tmp_path / "java"


def test_java_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "jvm"
    monkeypatch.setattr("omega_portal.stack.java._INSTALLED", installed)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("JAVA_HOME", str(runtime(tmp_path / "java", "17.0.15")))
    for name in ("11.0.2", "25.0.1", "21.0.8"):
        runtime(installed / f"java-{name}", name)

    assert find_java(tmp_path, 21) == installed / "java-21.0.8"


def test_missing_maven_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError, match=r"no Maven \(mvn\) on PATH"):
        find_keycloak(tmp_path)


def test_download_that_fails_is_said_and_leaves_nothing(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tools / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] Could not transfer artifact: connection refused'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(runtime(tools / "java", "21")))

    with pytest.raises(StackError, match=r"mvn failed: .*connection refused"):
        find_keycloak(tools / "cache")
    assert [path.name for path in (tools / "cache").iterdir()] == ["keycloak.lock"]


def test_cache_follows_the_persons_own_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "omega-portal"

    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache_directory() == Path.home() / ".cache" / "omega-portal"


def test_settings_of_whoever_runs_the_tests_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KC_DB", "postgres")
    monkeypatch.setenv("JAVA_OPTS", "-Xmx8m")
    found = Programs(Path("server"), Path("java")).environment()

    assert found["JAVA_HOME"] == "java"
    assert not {"KC_DB", "JAVA_OPTS"} & found.keys()
