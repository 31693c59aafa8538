"""The commands of `python -m omega_portal.stack`."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path

from omega_portal.stack.chromium import find_chromium
from omega_portal.stack.console import StackError, answer, say
from omega_portal.stack.container import stop_container
from omega_portal.stack.environment import own_variables
from omega_portal.stack.files import only_one
from omega_portal.stack.keycloak import find_keycloak
from omega_portal.stack.management import manage_openly
from omega_portal.stack.places import CHECKOUT, open_place, remove_place
from omega_portal.stack.portal import open_portal, take_down
from omega_portal.stack.processes import find, stop
from omega_portal.stack.servers import given
from omega_portal.stack.services import run_with_services, start_services, stop_services
from omega_portal.stack.status import state_of_all, table
from omega_portal.stack.supervisor import NAME as SUPERVISOR
from omega_portal.stack.supervisor import run
from omega_portal.stack.up import bring_up

_DEMO = ("generate_test_data", "--nodes", "100", "--days", "30")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; what goes wrong is said in one sentence."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.do(chosen, chosen.local.resolve()))
    except StackError as trouble:
        say(f"omega: {trouble}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m omega_portal.stack", description=__doc__)
    parser.add_argument("--local", type=Path, default=CHECKOUT / ".local", help="where data and programs live")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, do, text in (
        ("up", _up, "start everything in the background; leaves alone what runs"),
        ("run", _run, "start everything in the foreground; Ctrl-C stops it"),
        ("down", _down, "stop everything; data stays"),
        ("status", _status, "show what runs; exit code 0 when all is well"),
        ("demo", _demo, "start everything and add a month of generated history"),
        ("clean", _clean, "stop everything and delete its data and programs"),
        ("env", _env, "print export lines for management commands against the running servers"),
        ("chromium", _chromium, "print the path of a browser for tests, unpacking one if need be"),
        ("keycloak", _keycloak, "print the folder of the Keycloak server for tests, downloading it if need be"),
    ):
        commands.add_parser(name, help=text).set_defaults(do=do)
    manage = commands.add_parser("manage", help="run a management command, e.g. manage shell")
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    manage.set_defaults(do=_manage)
    services = commands.add_parser("services", help="only database and Valkey, for tests; prints export lines")
    services.add_argument("--plain", action="store_true", help="PostgreSQL without TimescaleDB")
    services.add_argument("--stop", action="store_true", help="stop them")
    services.add_argument("command", nargs="*", help="run this with them instead of printing")
    services.set_defaults(do=_services)
    return parser


def _up(_chosen: argparse.Namespace, local: Path) -> int:
    place = open_place(local)
    bring_up(place)
    return 0 if all(line.is_well for line in state_of_all(place)) else 1


def _run(_chosen: argparse.Namespace, local: Path) -> int:
    run(open_place(local))
    return 0


def _down(_chosen: argparse.Namespace, local: Path) -> int:
    place = open_place(local)
    supervisor = find(place, SUPERVISOR)
    if supervisor is not None:
        stop(place, supervisor, patience_seconds=60)
    with only_one(place.lock_file):
        take_down(place)
    return 0


def _status(_chosen: argparse.Namespace, local: Path) -> int:
    lines = state_of_all(open_place(local))
    answer(table(lines))
    return 0 if all(line.is_well for line in lines) else 1


def _demo(_chosen: argparse.Namespace, local: Path) -> int:
    return manage_openly(bring_up(open_place(local)), *demo_command())


def demo_command() -> tuple[str, ...]:
    """The command that adds history; in a database of yours it refuses to mix with real nodes, in ours it may."""
    return _DEMO if given("DATABASE_URL") else (*_DEMO, "--yes-beside-real-nodes")


def _clean(chosen: argparse.Namespace, local: Path) -> int:
    _down(chosen, local)
    stop_services(local)
    stop_container(open_place(local), remove=True)
    remove_place(local)
    return 0


def _env(_chosen: argparse.Namespace, local: Path) -> int:
    portal = open_portal(open_place(local))
    _print_exports(own_variables(portal.place, portal.servers, portal.where, "manage"))
    return 0


def _manage(chosen: argparse.Namespace, local: Path) -> int:
    return manage_openly(open_portal(open_place(local)), *chosen.arguments)


def _chromium(_chosen: argparse.Namespace, local: Path) -> int:
    answer(str(find_chromium(open_place(local))))
    return 0


def _keycloak(_chosen: argparse.Namespace, _local: Path) -> int:
    answer(str(find_keycloak().home))
    return 0


def _services(chosen: argparse.Namespace, local: Path) -> int:
    if chosen.stop:
        stop_services(local)
        return 0
    if chosen.command:
        return run_with_services(local, chosen.command, plain=chosen.plain)
    _print_exports(start_services(local, plain=chosen.plain))
    return 0


def _print_exports(variables: Mapping[str, str]) -> None:
    answer("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
