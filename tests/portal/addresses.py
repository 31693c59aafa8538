"""Every address of the web process, found in the URLconf and filled with rows that are there."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from apps.accounts.models import User, WebSession
from apps.audit.models import AuditLog
from apps.metrics.models import SampleCorrection
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey
from tests import make

PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
ROWS: dict[str, Any] = {
    "node_id": Node,
    "user_id": User,
    "session_id": WebSession,
    "key_id": NodeApiKey,
    "token_id": EnrollmentToken,
    "entry_id": AuditLog,
    "correction_id": SampleCorrection,
}
FREE: dict[str | None, Callable[[], object]] = {"uuid": uuid4, "int": lambda: 1}


@dataclass(frozen=True)
class Address:
    """One address: its pattern, and what answers."""

    route: str
    view: Any

    def __str__(self) -> str:
        return f"/{self.route}"

    def filled(self) -> str:
        """Return a path with a row of ours in each place, where there is one."""
        if self.route.startswith("admin/") and "<" in self.route:
            return f"/{PLACE.sub(lambda _: self._row_of_admin(), self.route)}"
        return f"/{PLACE.sub(_value, self.route)}"

    def _row_of_admin(self) -> str:
        """Return the key of a row of the model that a page of the data-correction site is about."""
        _, app, model, *_ = self.route.split("/")
        if (app, model) not in {(m._meta.app_label, m._meta.model_name) for m in apps.get_models()}:
            return "1"
        found = apps.get_model(app, model)._default_manager.first()
        return str(found.pk) if found else "none"


def _value(place: re.Match[str]) -> str:
    """Return what stands in one place of an address."""
    row = ROWS[place["name"]].objects.first() if place["name"] in ROWS else None
    return str(row.pk) if row else str(FREE.get(place["kind"], lambda: "none")())


def every_address() -> list[Address]:
    """Return the addresses of pages, REST and the data-correction site."""
    return list(_walk(get_resolver("omega_portal.urls").url_patterns, ""))


def _walk(patterns: list[Any], before: str) -> Iterator[Address]:
    """Yield the addresses below; those by regular expression match anything and stand for nothing of their own."""
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Address(route, pattern.callback)


def rows_for_all() -> None:
    """Make one row for each place that an address may have."""
    node = make.node()
    make.key(node)
    make.enrollment_token()
    make.correction(node)
    make.user("USER")
