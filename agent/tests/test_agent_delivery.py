"""The agent's loops against a server that misbehaves in every way the protocol names."""

import time
from typing import Any

from agent_support import QUICK, Start, read_ledger, wait_for
from omega_agent.config import Config, Delivery
from omega_agent.configfile import write_key
from portal_double import KEY, Portal, Reply

OWN_SAMPLES = {"logged_in_users", "agent_spool_rows", "agent_dropped_samples", "clock_skew_seconds"}


def stored(portal: Portal) -> int:
    with portal.lock:
        return len(portal.usage) + len(portal.samples)


def drained(config: Config) -> bool:
    return read_ledger(config.spool_path).waiting <= 1


def assert_exactly_once(portal: Portal, config: Config) -> None:
    """After the agent stopped: every item ever spooled is stored, waiting or quarantined, and nothing twice."""
    ledger = read_ledger(config.spool_path)
    assert ledger.spooled == stored(portal) + ledger.waiting + ledger.quarantined
    assert ledger.dropped == 0
    assert portal.duplicates == 0


def outage(status: int, body: object = None, headers: dict[str, str] | None = None) -> Any:
    return lambda path, request: (status, headers or {}, body or {})


def test_logins_are_told_once_and_a_portal_that_does_not_know_them_gets_the_rest(portal: Portal, start: Start) -> None:
    portal.trouble = lambda path, body: (404, {}, {"code": "not_found"}) if path == "login-sessions" else None
    start()
    wait_for(lambda: len(portal.processes) >= 2 and portal.count("login-sessions") >= 1)
    assert portal.logins == []
    assert portal.count("login-sessions") == 1


def test_healthy_server_gets_vitals_samples_and_processes(portal: Portal, start: Start) -> None:
    agent = start()
    wait_for(lambda: len(portal.usage) >= 8 and len(portal.processes) >= 2)
    wait_for(lambda: {name for name, _ in portal.samples} >= OWN_SAMPLES)
    agent.stop()
    assert_exactly_once(portal, agent.config)
    newest = portal.usage[max(portal.usage)]
    assert 0 <= newest["cpu_percent"] <= 100 and newest["process_count"] > 0
    assert {name for name, _ in portal.samples} == OWN_SAMPLES
    beats = {body["usage"]["at"] for path, body in portal.calls if path == "heartbeat" and "usage" in body}
    later = {usage["at"] for path, body in portal.calls if path == "metrics" for usage in body["usage"]}
    assert beats and not beats & later, "what a heartbeat delivered is not sent again"


def test_outage_loses_nothing_and_heartbeat_comes_first(portal: Portal, start: Start) -> None:
    agent = start()
    wait_for(lambda: len(portal.usage) >= 2)
    with portal.lock:
        portal.trouble = outage(500)
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 12)
    with portal.lock:
        portal.trouble = lambda path, body: None
        portal.calls.clear()
    wait_for(lambda: portal.count("metrics") >= 2 and drained(agent.config))
    agent.stop()
    assert portal.calls[0][0] == "heartbeat"
    times = [usage["at"] for path, body in portal.calls if path == "metrics" for usage in body["usage"]]
    assert times == sorted(times), "the spool drains oldest first"
    assert_exactly_once(portal, agent.config)


def test_retry_after_is_respected_and_the_batch_stays_the_same(portal: Portal, start: Start) -> None:
    refused: list[tuple[float, Any]] = []
    calls_at: list[float] = []

    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        calls_at.append(time.monotonic())
        if path == "heartbeat" and not refused:
            return 500, {}, {}
        if path == "metrics" and len(refused) < 2:
            refused.append((time.monotonic(), body))
            return 503, {"Retry-After": "0.6"}, {"code": "busy"}
        return None

    def fill_first(path: str, body: dict[str, Any]) -> Reply | None:
        return 500, {}, {}

    portal.trouble = fill_first
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 10)
    with portal.lock:
        portal.trouble = lambda path, body: None if path != "metrics" else trouble(path, body)
    wait_for(lambda: len(portal.batches) >= 1)
    agent.stop()
    assert refused[0][1] == refused[1][1] == next(iter(portal.batches.values()))
    assert refused[1][0] - refused[0][0] >= 0.6
    assert_exactly_once(portal, agent.config)


def test_refused_key_stops_sending_until_the_file_is_replaced(portal: Portal, start: Start) -> None:
    portal.keys = {"omg_test_other"}
    began = time.monotonic()
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 6)
    with portal.lock:
        assert {path for path, _ in portal.calls} == {"heartbeat"}
        pauses = (time.monotonic() - began) / QUICK.key_check_seconds
        assert len(portal.calls) <= pauses + 2, "one key check per pause"
    write_key(agent.config, "omg_test_other")
    wait_for(lambda: stored(portal) >= 6 and drained(agent.config))
    agent.stop()
    assert_exactly_once(portal, agent.config)


def test_pending_node_spools_until_it_is_approved(portal: Portal, start: Start) -> None:
    portal.trouble = outage(403, {"code": "node_pending"})
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 6)
    with portal.lock:
        portal.trouble = lambda path, body: None
    wait_for(lambda: stored(portal) >= 6 and drained(agent.config))
    agent.stop()
    assert_exactly_once(portal, agent.config)


def test_poison_batch_is_quarantined_and_the_rest_goes_on(portal: Portal, start: Start) -> None:
    poisoned: list[dict[str, Any]] = []

    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        if path == "metrics" and (not poisoned or body == poisoned[0]):
            poisoned.append(body)
            return 422, {}, {"code": "poison", "detail": "index 1"}
        return None

    portal.trouble = outage(502)
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 14)
    with portal.lock:
        portal.trouble = trouble
    wait_for(lambda: portal.batches and drained(agent.config))
    agent.stop()
    assert len(poisoned) == 1, "a refused batch is never sent again"
    assert read_ledger(agent.config.spool_path).quarantined == 4
    assert_exactly_once(portal, agent.config)


def test_too_large_batch_is_halved_until_it_fits(portal: Portal, start: Start) -> None:
    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        too_large = path == "metrics" and len(body["usage"]) + len(body["samples"]) > 2
        return (413, {}, {"code": "too_large"}) if too_large else None

    portal.trouble = outage(502)
    agent = start(delivery=Delivery(batch_items=16, pause_seconds=0.02))
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 10)
    with portal.lock:
        portal.trouble = trouble
    wait_for(lambda: stored(portal) >= 10 and drained(agent.config))
    agent.stop()
    assert read_ledger(agent.config.spool_path).quarantined == 0
    assert_exactly_once(portal, agent.config)


def test_single_item_that_is_too_large_is_quarantined(portal: Portal, start: Start) -> None:
    portal.trouble = lambda path, body: (413, {}, {}) if path == "metrics" else (400, {}, {"code": "no"})
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).quarantined >= 4)
    agent.stop()
    assert_exactly_once(portal, agent.config)


def test_answer_lost_after_the_commit_stores_a_batch_once(portal: Portal, start: Start) -> None:
    lost: list[str] = []

    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        if path == "metrics" and len(lost) < 3:
            lost.append(body["batch_id"])
            portal.serve(path, body)
            return 502, {}, {}
        return None

    portal.trouble = outage(502)
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 10)
    with portal.lock:
        portal.trouble = trouble
    wait_for(lambda: len(lost) == 3 and drained(agent.config))
    agent.stop()
    assert len(set(lost)) == 1
    assert_exactly_once(portal, agent.config)


def test_lost_heartbeat_answer_sends_the_same_instant_again(portal: Portal, start: Start) -> None:
    lost: list[float] = []

    def trouble(path: str, body: dict[str, Any]) -> Reply | None:
        if path == "heartbeat" and len(lost) < 2:
            portal.serve(path, body)
            lost.append(body["usage"]["at"])
            return 502, {}, {}
        return None

    portal.trouble = trouble
    agent = start()
    wait_for(lambda: len(portal.usage) >= 5 and drained(agent.config))
    agent.stop()
    ledger = read_ledger(agent.config.spool_path)
    assert ledger.spooled == stored(portal) + ledger.waiting, "the server knows a repeated instant by its time"


def test_refused_vitals_leave_the_node_alive(portal: Portal, start: Start) -> None:
    portal.trouble = lambda path, body: (
        (400, {}, {"code": "unknown_field"}) if path == "heartbeat" and "usage" in body else None
    )
    agent = start()
    wait_for(lambda: stored(portal) >= 6)
    agent.stop()
    bare = [body for path, body in portal.calls if path == "heartbeat" and "usage" not in body]
    assert bare and all(body["status"] == "ok" for body in bare)
    assert_exactly_once(portal, agent.config)


def test_captive_page_empties_nothing(portal: Portal, start: Start) -> None:
    portal.trouble = lambda path, body: (200, {}, "<html>Please log in</html>")
    agent = start()
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 6)
    agent.stop()
    ledger = read_ledger(agent.config.spool_path)
    assert ledger.waiting == ledger.spooled


def test_next_in_seconds_changes_the_beat(portal: Portal, start: Start) -> None:
    portal.next_in_seconds = 60
    agent = start()
    wait_for(lambda: portal.count("heartbeat") >= 1)
    time.sleep(0.7)  # what was on its way before the answer came still arrives
    before = portal.count("heartbeat")
    time.sleep(1.0)
    agent.stop()
    assert portal.count("heartbeat") == before


def test_key_is_sent_in_the_header_only(portal: Portal, start: Start) -> None:
    agent = start()
    wait_for(lambda: len(portal.usage) >= 2)
    agent.stop()
    assert all(KEY not in str(body["usage"]) for path, body in portal.calls if path == "heartbeat")


def test_heartbeat_tells_how_the_spool_stands_beside_what_it_carries(portal: Portal, start: Start) -> None:
    agent = start()
    wait_for(lambda: len(portal.usage) >= 2)
    with portal.lock:
        portal.trouble = outage(500)
    wait_for(lambda: read_ledger(agent.config.spool_path).waiting >= 12)
    with portal.lock:
        portal.trouble = lambda path, body: None
        portal.calls.clear()
    wait_for(lambda: portal.count("metrics") >= 1 and portal.count("heartbeat") >= 3 and drained(agent.config))
    wait_for(lambda: standings(portal)[-1]["waiting"] == 0)
    agent.stop()
    first = standings(portal)[0]
    assert first["waiting"] >= 12 - 5 and first["oldest_at"] < portal.calls[0][1]["at"]
    assert (first["dropped"], first["quarantined"]) == (0, 0)


def standings(portal: Portal) -> list[dict[str, Any]]:
    return [body["spool"] for path, body in list(portal.calls) if path == "heartbeat" and "spool" in body]


def test_portal_that_does_not_know_the_field_still_hears_that_the_node_lives(portal: Portal, start: Start) -> None:
    def old(path: str, body: dict[str, Any]) -> Reply | None:
        return (422, {}, {"code": "unknown_field"}) if path == "heartbeat" and "spool" in body else None

    with portal.lock:
        portal.trouble = old
    agent = start()
    wait_for(lambda: len(portal.usage) >= 4)
    agent.stop()
    assert any(path == "heartbeat" and "spool" not in body for path, body in portal.calls)
