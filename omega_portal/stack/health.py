"""Whether a process that serves HTTP says that it can serve."""

import http.client


def is_ready(port: int, path: str = "/readyz") -> bool:
    """Whether the process on this port answers `path` with 200 within two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
