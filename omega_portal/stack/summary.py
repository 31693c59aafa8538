"""`.local/portal.json`: what a script must know to drive the running portal."""

import psycopg

from omega_portal.stack.console import StackError
from omega_portal.stack.environment import database_url
from omega_portal.stack.files import write_json
from omega_portal.stack.management import ADMIN_EMAIL
from omega_portal.stack.places import Place
from omega_portal.stack.portal import AGENT, PROCESSES, SERVERS, Portal
from omega_portal.stack.processes import find

_LICENSE = """
    SELECT current_setting('timescaledb.license', true) FROM pg_extension WHERE extname = 'timescaledb'
"""


def write_summary(portal: Portal) -> None:
    """Replace the file by the present state; it holds passwords, so only its owner can read it."""
    place = portal.place
    write_json(
        place.root / "portal.json",
        {
            "url": portal.where.public_url,
            "ingest_url": portal.where.ingest_public_url,
            "database_url": portal.servers.database_url,
            "app_database_url": database_url(place, portal.servers, "omega_portal"),
            "database_tier": database_tier(portal.servers.database_url),
            "redis_url": portal.servers.redis_url,
            "admin_email": ADMIN_EMAIL,
            "admin_password_file": str(place.secrets / "admin_password"),
            "pids": process_ids(place),
        },
        mode=0o600,
    )


def database_tier(url: str) -> str:
    """What the database offers: `timescale`, `timescale-apache` or `postgresql`."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(_LICENSE).fetchone()
    except psycopg.Error as error:
        raise StackError(f"the database does not answer: {error}") from error
    if row is None:
        return "postgresql"
    return "timescale" if row[0] == "timescale" else "timescale-apache"


def process_ids(place: Place) -> dict[str, int]:
    """The pid of every running process of this installation."""
    records = (find(place, name) for name in (*SERVERS, *PROCESSES, AGENT))
    return {record.name: record.pid for record in records if record is not None}
