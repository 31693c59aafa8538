"""`omega-agent enroll`: introduces this machine to the portal and writes its configuration."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from omega_agent.config import Config, Intervals, checked_url, load_config
from omega_agent.configfile import is_key, write_config
from omega_agent.errors import AgentError
from omega_agent.machine import read_machine
from omega_agent.transport import Answer, Transport


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator said on the command line."""

    server: str
    token: str
    path: Path
    node_type: str = ""
    machine_id: str = ""
    ca_file: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


def enroll(request: Request) -> tuple[Config, str]:
    """Enrol and write the configuration; returns it with the node's status. Raises AgentError."""
    try:
        server = checked_url(request.server, "--server")
    except ValueError as error:
        raise AgentError(f"{error}.") from None
    facts = {**read_machine(server, request.machine_id), "labels": request.labels, "tags": request.tags}
    if request.node_type:
        facts["node_type"] = request.node_type
    transport = Transport(server, request.token, request.ca_file)
    try:
        reply = _accepted(transport.post("/api/v1/agent/enroll", facts), server, str(facts["hostname"]))
    finally:
        transport.close()
    config = _configured(request, server, reply)
    write_config(config, str(reply["key"]))
    return config, str(reply.get("status", "active"))


def _accepted(answer: Answer, server: str, hostname: str) -> dict[str, Any]:
    if answer.status is None:
        raise AgentError(f"{server} did not answer ({answer.error}).")
    if answer.status == 401:
        raise AgentError("The enrolment token is not valid, has expired or is used up; make a new one in the portal.")
    if answer.status == 409:
        raise AgentError(f"Another machine is enrolled as {hostname!r}; retire it in the portal or rename this one.")
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status not in (200, 201):
        detail = body.get("detail") or body.get("code") or "no reason given"
        raise AgentError(f"{server} refused the enrolment with HTTP {answer.status}: {detail}.")
    if not body.get("node_id") or not is_key(body.get("key")):
        raise AgentError(f"{server} does not answer like an Omega Portal; check the address.")
    return body


def _configured(request: Request, server: str, reply: dict[str, Any]) -> Config:
    given: dict[str, Any] = {
        "server": server,
        "ingest_url": checked_url(str(reply.get("ingest_url") or server), "ingest_url"),
        "node_id": str(reply["node_id"]),
        "intervals": _intervals(reply.get("config")),
    }
    if request.ca_file:
        given["ca_file"] = str(Path(request.ca_file).resolve())
    return replace(_existing(request.path), **given)


def _existing(path: Path) -> Config:
    # Enrolling again keeps what the operator tuned in the file.
    try:
        return load_config(path)
    except AgentError:
        return Config(path=path, server="", ingest_url="", node_id="")


def _intervals(config: object) -> Intervals:
    wanted = config.get("heartbeat_interval_seconds") if isinstance(config, dict) else None
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and 5 <= wanted <= 300:
        return Intervals(vitals_seconds=float(wanted))
    return Intervals()
