"""What a request tells about who sends it."""

import re
from dataclasses import replace
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core.address import Address, client_address
from apps.core.context import ALL_TENANTS, RequestContext, current

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def sender(request: HttpRequest) -> Address | None:
    """Return the address the outermost of our own proxies saw, never one a client wrote; None for a local socket."""
    forwarded = [request.headers.get("X-Forwarded-For", "")]
    return client_address(request.META.get("REMOTE_ADDR"), forwarded, settings.OMEGA.trusted_proxies)


def sender_text(request: HttpRequest) -> str:
    """Return the sender's address in text, empty for a local socket."""
    return str(sender(request) or "")


def request_id(request: HttpRequest) -> str:
    """Return the id given by our proxy, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if settings.OMEGA.trusted_proxies and REQUEST_ID.fullmatch(given) else uuid4().hex


def circumstances_of(request: HttpRequest) -> RequestContext:
    """Return what is known of a request before its sender: where it comes from, and its id. It opens no rows."""
    return RequestContext(
        request_id=request_id(request),
        ip_address=sender_text(request),
        user_agent=request.headers.get("User-Agent", "")[:1000],
    )


def context_of_person(person: User) -> RequestContext:
    """Return the circumstances in force with this person acting: they see their tenant, an ADMIN without one all."""
    sees_all = person.tenant_id is None and person.role == Role.ADMIN
    return replace(
        current(),
        user_id=str(person.pk),
        user_email=person.email,
        user_role=person.role,
        tenant_ids=ALL_TENANTS if sees_all else str(person.tenant_id or ""),
    )


def context_of(request: HttpRequest) -> RequestContext:
    """Return the context of everything this request does, once its sender is known."""
    user = request.user
    return context_of_person(user) if isinstance(user, User) else current()


def is_background(request: HttpRequest) -> bool:
    """Whether a script asks (a fragment or numbers), to whom a redirect to the sign-in page is no use."""
    return "HX-Request" in request.headers or request.headers.get("Accept") == "application/json"


def is_background_read(request: HttpRequest) -> bool:
    """Tell whether a script reads: a page left open does so with nobody before it."""
    return is_background(request) and request.method in ("GET", "HEAD")
