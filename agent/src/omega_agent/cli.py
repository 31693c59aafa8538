"""The command line: enroll, check, run."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from omega_agent import __version__
from omega_agent.check import check, render
from omega_agent.config import default_config_path
from omega_agent.configfile import is_key
from omega_agent.enroll import Request, enroll
from omega_agent.errors import AgentError
from omega_agent.runner import run_agent

NODE_TYPES = ("control", "compute", "storage", "gpu", "lab", "autoscaler")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 well, 1 an error a person can mend, 2 wrong usage)."""
    options = build_parser().parse_args(arguments)
    options.config = options.config or default_config_path()
    try:
        return int(options.command(options))
    except AgentError as error:
        sys.stderr.write(f"omega-agent: {error}\n")
        return 1


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(prog="omega-agent", description="Reports this machine to Omega Portal.")
    parser.add_argument("--version", action="version", version=f"omega-agent {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_enroll(commands.add_parser("enroll", help="introduce this machine to the portal"))
    for name, command, text in (
        ("check", _check, "say whether the agent can work"),
        ("run", _run, "measure and report until stopped"),
    ):
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(command=command)
        _add_config(sub)
    return parser


def _add_enroll(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_enroll)
    parser.add_argument("--server", required=True, help="the portal's address")
    token = parser.add_mutually_exclusive_group()
    token.add_argument("--token", default="", help="the enrolment token (or OMEGA_ENROLLMENT_TOKEN)")
    token.add_argument("--token-file", type=Path, help="a file holding the token, so that `ps` does not show it")
    parser.add_argument("--label", action="append", default=[], type=_label, metavar="KEY=VALUE")
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("--node-type", default="", choices=NODE_TYPES)
    parser.add_argument("--machine-id", default="", help="where the system has none, as in containers")
    parser.add_argument("--ca-file", default="", help="certificate authority of the portal, when it is your own")
    _add_config(parser)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help=f"the configuration file (default: {default_config_path()})")


def _label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return name, value


def _enroll(options: argparse.Namespace) -> int:
    request = Request(
        server=options.server,
        token=_token(options),
        path=options.config,
        node_type=options.node_type,
        machine_id=options.machine_id,
        ca_file=options.ca_file,
        labels=dict(options.label),
        tags=options.tag,
    )
    config, status = enroll(request)
    waiting = " It waits for approval in the portal." if status == "pending" else ""
    sys.stdout.write(f"Enrolled as node {config.node_id} ({status}).{waiting} Configuration: {config.path}\n")
    return 0


def _token(options: argparse.Namespace) -> str:
    try:
        from_file = options.token_file.read_text(encoding="ascii").strip() if options.token_file else ""
    except (OSError, UnicodeDecodeError):
        raise AgentError(f"{options.token_file} cannot be read.") from None
    token = str(from_file or options.token or os.environ.get("OMEGA_ENROLLMENT_TOKEN", ""))
    if not is_key(token):
        raise AgentError("An enrolment token is needed: --token, --token-file or OMEGA_ENROLLMENT_TOKEN.")
    return token


def _check(options: argparse.Namespace) -> int:
    findings = check(options.config)
    sys.stdout.write(render(findings) + "\n")
    return 1 if any(finding.state == "FAIL" for finding in findings) else 0


def _run(options: argparse.Namespace) -> int:
    return run_agent(options.config)
