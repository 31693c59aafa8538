"""Free ports on 127.0.0.1 that a place remembers across restarts."""

import random
import socket

from omega_portal.stack.console import StackError, say
from omega_portal.stack.files import read_json, write_json
from omega_portal.stack.places import Place

# Below the range the kernel lends to outgoing connections, so that none of those takes a remembered port.
_RANGE = range(20000, 32000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def remembered_port(place: Place, name: str) -> int | None:
    """The port this name had last time, or None."""
    port = read_json(place.ports_file).get(name)
    return port if isinstance(port, int) else None


def choose_port(place: Place, name: str, preferred: int | None = None) -> int:
    """Return a free port for `name`: the remembered one, else `preferred`, else any; and remember it."""
    known = read_json(place.ports_file)
    last = remembered_port(place, name)
    if last is not None and is_free(last):
        return last
    if last is not None:
        say(f"port {last} of {name} is taken by somebody else; choosing another")
    reserved = {port for other, port in known.items() if other != name}
    candidates = [preferred] if preferred is not None else []
    candidates += random.sample(_RANGE, 50)
    for port in candidates:
        if port not in reserved and is_free(port):
            write_json(place.ports_file, {**known, name: port})
            return port
    raise StackError("no free port on 127.0.0.1")
