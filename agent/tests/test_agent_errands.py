"""Commands, the node's configuration, enrolment, check and the command line, against a real server."""

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from agent_support import Start, wait_for
from omega_agent.cli import main
from omega_agent.config import Config, load_config
from omega_agent.configfile import read_key
from omega_agent.errands import Errands
from omega_agent.spool import Spool
from portal_double import KEY, Portal, Reply


def test_ping_is_answered_once_and_unknown_commands_fail_with_a_reason(portal: Portal, start: Start) -> None:
    portal.commands = [{"id": "c1", "command": "ping", "arguments": {}}, {"id": "c2", "command": "dance"}]
    agent = start()
    wait_for(lambda: len(portal.results) >= 2 and len(portal.usage) >= 4)
    agent.stop()
    assert portal.results[0] == ("c1", {"status": "done", "detail": "ok"})
    assert portal.results[1][0] == "c2" and portal.results[1][1]["status"] == "failed"
    assert "dance" in portal.results[1][1]["detail"]
    assert len(portal.results) == 2


def test_rotate_key_writes_the_new_key_before_using_it(portal: Portal, start: Start) -> None:
    portal.commands = [{"id": "r1", "command": "rotate_key", "arguments": {}}]
    agent = start()
    wait_for(lambda: portal.results)
    new_key = read_key(agent.config)
    with portal.lock:
        portal.keys = {new_key}
        seen = len(portal.usage)
    wait_for(lambda: len(portal.usage) >= seen + 3)
    agent.stop()
    assert new_key != KEY and portal.results == [("r1", {"status": "done", "detail": "new key k in use"})]
    assert stat.S_IMODE(agent.config.key_path.stat().st_mode) == 0o600


def test_command_is_carried_out_once_though_its_result_was_lost(portal: Portal, start: Start) -> None:
    lost: list[str] = []

    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        if path.startswith("commands/") and len(lost) < 2:
            lost.append(path)
            return 503, {}, {}
        return None

    portal.trouble = trouble
    portal.commands = [{"id": "r1", "command": "rotate_key"}]
    agent = start()
    wait_for(lambda: portal.results)
    agent.stop()
    assert len(lost) == 2 and portal.count("keys/rotate") == 1


@pytest.mark.parametrize("body", [{"code": "command_not_found"}, {"code": "not_found"}, "<html>"])
def test_result_nobody_waits_for_counts_as_reported(portal: Portal, config: Config, body: Any) -> None:
    portal.trouble = lambda path, sent: (404, {}, body) if path == "commands/c1" else None
    spool = Spool(config.spool_path, config.spool)
    errands = Errands(config, KEY, spool)
    errands.do({"commands": [{"id": "c1", "command": "ping"}]})
    assert (portal.count("commands/c1"), spool.unreported_commands()) == (1, [])
    errands.close()
    spool.close()


@pytest.mark.parametrize("reply", [(500, {}, {}), (200, {}, {"key": "two\nlines"}), (200, {}, {"key": 7})])
def test_failed_rotation_keeps_the_old_key(portal: Portal, start: Start, reply: Reply) -> None:
    portal.trouble = lambda path, body: reply if path == "keys/rotate" else None
    portal.commands = [{"id": "r1", "command": "rotate_key"}]
    agent = start()
    wait_for(lambda: portal.results)
    agent.stop()
    assert portal.results[0][1]["status"] == "failed" and read_key(agent.config) == KEY


def test_wanted_configuration_is_fetched_stored_and_reported(portal: Portal, start: Start) -> None:
    portal.config = ("abc123", "pools: []\n")
    agent = start()
    wait_for(lambda: any(body.get("config_hash") == "abc123" for _, body in portal.calls))
    agent.stop()
    assert agent.config.remote_config_path.read_text() == "pools: []\n"
    assert portal.count("config") == 1


def test_missing_configuration_is_no_trouble(portal: Portal, start: Start) -> None:
    portal.trouble = lambda path, body: (
        (200, {}, {"config_hash": "gone", "commands": [], "server_time": 1}) if path == "heartbeat" else None
    )
    agent = start()
    wait_for(lambda: portal.count("config") >= 2)
    agent.stop()
    assert not agent.config.remote_config_path.exists()


def enroll(portal: Portal, path: Path, *more: str) -> int:
    return main(["enroll", "--server", portal.url, "--config", str(path), "--machine-id", "m1", *more])


def test_enroll_writes_private_files_that_run_and_check_accept(
    portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "agent.toml"
    options = ("--token", "token", "--label", "rack=b", "--tag", "x", "--tag", "y", "--node-type", "gpu")
    assert enroll(portal, path, *options) == 0
    sent = portal.calls[0][1]
    assert (sent["labels"], sent["tags"], sent["node_type"]) == ({"rack": "b"}, ["x", "y"], "gpu")
    assert sent["hostname"] and sent["machine_id"] == "m1" and sent["total_memory_gb"] > 0
    config = load_config(path)
    assert (config.server, config.ingest_url, config.node_id) == (portal.url, portal.url, "n1")
    assert [stat.S_IMODE(file.stat().st_mode) for file in (path, config.key_path)] == [0o600, 0o600]
    assert KEY not in path.read_text()
    assert main(["check", "--config", str(path)]) == 0
    assert "key                 ok    accepted" in capsys.readouterr().out


def test_enrolling_again_keeps_what_the_operator_tuned(portal: Portal, config: Config) -> None:
    assert enroll(portal, config.path, "--token", "token") == 0
    assert load_config(config.path).delivery == config.delivery


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((401, {}, {"code": "invalid_token"}), "The enrolment token is not valid"),
        ((409, {}, {"code": "hostname_taken"}), "Another machine is enrolled as"),
        ((400, {}, {"code": "x", "detail": "hostname is too long"}), "HTTP 400: hostname is too long."),
        ((200, {}, "<html>"), "does not answer like an Omega Portal"),
        ((503, {}, None), "HTTP 503"),
    ],
)
def test_failed_enrolment_says_why_in_one_sentence_and_writes_nothing(
    portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str], reply: Reply, told: str
) -> None:
    portal.trouble = lambda path, body: reply
    assert enroll(portal, tmp_path / "agent.toml", "--token", "token") == 1
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_absent_server_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "agent.toml")
    arguments = ["enroll", "--server", "http://127.0.0.1:9", "--token", "t", "--machine-id", "m"]
    assert main([*arguments, "--config", path]) == 1
    assert "did not answer" in capsys.readouterr().err


def test_check_finds_readable_key_and_refused_key(
    portal: Portal, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.key_path.chmod(0o644)
    portal.keys = set()
    assert main(["check", "--config", str(config.path)]) == 1
    lines = {line[:18].strip(): line for line in capsys.readouterr().out.splitlines()}
    assert "FAIL" in lines["key mode"] and "chmod 600" in lines["key mode"]
    assert "FAIL" in lines["key"] and " ok " in lines["spool"] and " ok " in lines["portal"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("servr = 'x'", "unknown setting servr"),
        ("[intervals]\nvitals_seconds = 0.1", "intervals.vitals_seconds must be between 0.2 and 300"),
        ("[intervals]\nvitals_seconds = '10'", "intervals.vitals_seconds must be a number"),
        ("[spool]\nmax_megabytes = true", "spool.max_megabytes must be a number"),
        ("spool = 3", "spool must be a table"),
        ("server = 'ftp://x'", "server must be an http:// or https:// address"),
        ("server = ", "not valid TOML"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str) -> None:
    path = tmp_path / "agent.toml"
    server = "" if line.startswith("server") else "server = 'http://x'\n"
    path.write_text(f"{server}ingest_url = 'http://x'\nnode_id = 'n'\n{line}\n")
    assert main(["check", "--config", str(path)]) == 1
    assert told in capsys.readouterr().out


def test_written_configuration_reads_back_the_same(config: Config) -> None:
    assert load_config(config.path) == config
    assert tomllib.loads(config.path.read_text())["node_id"] == "n1"
