"""A request that never ends takes no memory with it, and the next one is answered."""

import re
import socket
import sys
from pathlib import Path

import httpx
import pytest

from apps.core.headers import ALWAYS
from omega_portal.stack.portal import BOUNDED_HEADERS
from tests.processes import Portal, Running, answers, wait_for

pytestmark = pytest.mark.flow
PIECE = b"y" * 65_536
MEGABYTES = 48
LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ WARNING uvicorn.error Invalid HTTP request received.$", re.MULTILINE)


def peak_megabytes(of: Running) -> int:
    """Return the most memory that a process ever held."""
    status = Path(f"/proc/{of.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) // 1024


def pour(port: int, start: bytes) -> bytes:
    """Send a start and then without end; returns what is answered, nothing when the line is cut."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        try:
            line.sendall(start)
            for _ in range(MEGABYTES * 16):
                line.sendall(PIECE)
        except OSError:
            return b""
        return line.recv(200)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to tell how much memory is held")
@pytest.mark.parametrize(
    "start",
    [b"GET /healthz HTTP/1.1\r\nHost: testserver\r\nX: ", b"GET /healthz?", b"POST /sign-in/ HTTP/1.1\r\nX"],
    ids=["header", "address", "name of a header"],
)
def test_endless_head_of_a_request_is_cut_off(committed: None, tmp_path: Path, redis_url: str, start: bytes) -> None:
    portal = Portal(tmp_path, redis_url)
    served = ["uvicorn", "--no-proxy-headers", "--lifespan", "off", "--port", str(portal.web_port), *BOUNDED_HEADERS]
    web = portal.launch("web", [sys.executable, "-m", *served, "omega_portal.asgi:application"])
    try:
        wait_for(lambda: answers(f"{portal.url}/healthz"), 40)
        before = peak_megabytes(web)
        answer = pour(portal.web_port, start)

        assert answer[:12] in (b"", b"HTTP/1.1 400")
        assert LINE.search(web.log.read_text()), "the server's own words are lines like all others"
        assert peak_megabytes(web) - before < MEGABYTES // 2
        assert ALWAYS.keys() <= httpx.get(f"{portal.url}/healthz").headers.keys()
    finally:
        web.stop()
