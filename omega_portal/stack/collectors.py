"""Prometheus and node_exporter for tests: the machine's own, else the distribution's packages, unpacked privately."""

import shutil
from pathlib import Path

from omega_portal.stack.console import say
from omega_portal.stack.files import only_one
from omega_portal.stack.own_archive import from_own_archive
from omega_portal.stack.packages import Wanted, build_once, is_ready, unpack_packages
from omega_portal.stack.places import Place

_PACKAGES = ("prometheus", "prometheus-node-exporter")
# Both are single programs; what else their packages ask for draws pages or starts services.
_NOT_NEEDED = ("adduser", "fonts-", "libjs-", "init-system-helpers", "daemon", "dbus", "debconf", "systemd")


def find_prometheus(place: Place) -> Path:
    """The path of a Prometheus, unpacked on first use; raises StackError with the reason otherwise."""
    return _find(place, "prometheus")


def find_node_exporter(place: Place) -> Path:
    """The path of a node_exporter, unpacked on first use; raises StackError with the reason otherwise."""
    return _find(place, "prometheus-node-exporter")


def _find(place: Place, program: str) -> Path:
    found = shutil.which(program)
    if found is not None:
        return Path(found)
    prefix = place.programs / "collectors"
    with only_one(place.root / "collectors.lock"):
        if not is_ready(prefix):
            named = from_own_archive(*_PACKAGES)
            wanted = Wanted(named.packages, named.sources, without=_NOT_NEEDED, beside_system=True)
            say("downloading Prometheus and node_exporter into .local/ (once)")
            build_once(prefix, lambda folder: unpack_packages(wanted, folder))
    return prefix / "usr/bin" / program
