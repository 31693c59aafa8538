"""Bringing the whole portal up: servers, schema, first administrator, processes, this machine's agent."""

import time
from concurrent.futures import ThreadPoolExecutor

from omega_portal.stack.console import StackError, say
from omega_portal.stack.files import only_one
from omega_portal.stack.management import ADMIN_EMAIL, ensure_admin
from omega_portal.stack.own_agent import ensure_agent
from omega_portal.stack.places import Place
from omega_portal.stack.portal import PROCESSES, Portal, ensure_processes, open_portal, wait_ready
from omega_portal.stack.processes import find
from omega_portal.stack.schema import ensure_schema, is_set_up, mark_set_up
from omega_portal.stack.summary import write_summary


def bring_up(place: Place) -> Portal:
    """Have everything running and return it; what already runs is left alone."""
    began = time.monotonic()
    with only_one(place.lock_file):
        is_new = not (place.secrets / "admin_password").is_file()
        portal = open_portal(place)
        if any(find(place, name) is None for name in PROCESSES):
            say("bringing the database schema up to date")
            ensure_schema(portal)
        ensure_processes(portal)
        with ThreadPoolExecutor() as pool:
            admin = None if is_set_up(portal) else pool.submit(ensure_admin, portal)
            wait_ready(portal)
            if admin is not None:
                admin.result()
                mark_set_up(portal)
        _try_agent(portal)
        write_summary(portal)
    say(f"Omega Portal runs at {portal.where.public_url} (ready after {time.monotonic() - began:.0f} s)")
    _tell_password(place, is_new)
    return portal


def _try_agent(portal: Portal) -> None:
    """Without its agent the portal still works, so trouble with it is told and stops nothing."""
    try:
        ensure_agent(portal)
    except StackError as trouble:
        say(str(trouble))


def _tell_password(place: Place, is_new: bool) -> None:
    path = place.secrets / "admin_password"
    if is_new and path.is_file():
        say(f"sign in as {ADMIN_EMAIL} with the password {path.read_text(encoding='utf-8').strip()}")
    else:
        say(f"sign in as {ADMIN_EMAIL}; the first password is in {path}")
