"""One Valkey (or Redis) server of ours: broker, cache and channel between processes."""

import socket

from omega_portal.stack.console import StackError
from omega_portal.stack.credentials import secret
from omega_portal.stack.embedded import valkey_program
from omega_portal.stack.files import write_whole
from omega_portal.stack.places import Place, give, owned_directory
from omega_portal.stack.ports import choose_port
from omega_portal.stack.processes import Launch, Record, find, is_alive, start, tail, wait_until

NAME = "valkey"


def valkey_url(place: Place, port: int) -> str:
    """Address of the server with its password."""
    return f"redis://:{secret(place, NAME)}@127.0.0.1:{port}/0"


def ensure_valkey(place: Place, preferred_port: int | None = None) -> Record:
    """Return the running server, started if needed; at most the last second of writes is lost by a crash."""
    record = find(place, NAME)
    if record is not None:
        return record
    program = valkey_program(place)
    directory = owned_directory(place, NAME)
    port = choose_port(place, NAME, preferred_port)
    settings = directory / "valkey.conf"
    write_whole(settings, _settings(place, port), mode=0o600)
    give(settings, place.account)
    launch = Launch(NAME, (str(program), str(settings)), port=port, account=place.account, directory=directory)
    record = start(place, launch)
    if not wait_until(lambda: valkey_answers(place, port) or not is_alive(record), 20) or not is_alive(record):
        log = place.log / f"{NAME}.log"
        raise StackError(f"Valkey does not start; the end of {log}:\n{tail(log)}")
    return record


def _settings(place: Place, port: int) -> str:
    return (
        f"bind 127.0.0.1\nport {port}\ndaemonize no\ndir {place.data / NAME}\n"
        f"requirepass {secret(place, NAME)}\n"
        'save ""\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n'
    )


def valkey_answers(place: Place, port: int) -> bool:
    """Whether the server lets us in and answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {secret(place, NAME)}\r\nPING\r\n".encode())
            return b"PONG" in connection.recv(64) or b"PONG" in connection.recv(64)
    except OSError:
        return False
