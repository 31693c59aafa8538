"""The database schema and its roles, brought up to date before any process of the portal starts."""

import hashlib

from omega_portal.stack.environment import database_url
from omega_portal.stack.files import read_json, write_json
from omega_portal.stack.management import manage
from omega_portal.stack.portal import Portal

_NOTE = "databases.json"


def ensure_schema(portal: Portal) -> None:
    """Migrate; when the secret key changed since this database was set up, set the roles' passwords anew.

    Their passwords derive from the key, and `migrate` leaves those of existing roles alone.
    """
    manage(portal, "migrate", "--no-input", "--verbosity", "0")
    known = read_json(portal.place.root / _NOTE).get(_server(portal))
    if known is not None and known != _role(portal):
        manage(portal, "ensure_roles")
        mark_set_up(portal)


def is_set_up(portal: Portal) -> bool:
    """Whether an earlier start got as far as having the first administrator in this database."""
    return _server(portal) in read_json(portal.place.root / _NOTE)


def mark_set_up(portal: Portal) -> None:
    """Remember that this database is complete."""
    note = portal.place.root / _NOTE
    write_json(note, {**read_json(note), _server(portal): _role(portal)}, mode=0o600)


def _server(portal: Portal) -> str:
    return _digest(portal.servers.database_url.rpartition("@")[2])


def _role(portal: Portal) -> str:
    return _digest(database_url(portal.place, portal.servers, "omega_portal"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
