"""What programs ask of the REST door."""

from typing import Any

from django.test import Client


def get(client: Client, path: str, **query: Any) -> Any:
    """Return what is answered to a question; nobody keeps it."""
    answer = client.get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


def write(client: Client, method: str, path: str, body: Any, **headers: str) -> Any:
    """Send a change, and return the whole answer."""
    send = getattr(client, method)
    return send(f"/api/v1/{path}", data=body, content_type="application/json", headers=headers)
