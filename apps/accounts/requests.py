"""What a request tells about who sends it."""

import re
from ipaddress import ip_address
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.context import RequestContext

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def client_address(request: HttpRequest) -> str:
    """Return the sender's address: the one seen by the outermost of our own proxies, never one a client wrote.

    The zone of a link-local address is left out, as the database cannot hold it.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.OMEGA.trusted_proxies
    candidate = hops[-trusted] if trusted and len(hops) >= trusted else peer
    try:
        return str(ip_address(candidate.partition("%")[0]))
    except ValueError:
        return ""


def request_id(request: HttpRequest) -> str:
    """Return the id given by our proxy, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if settings.OMEGA.trusted_proxies and REQUEST_ID.fullmatch(given) else uuid4().hex


def context_of(request: HttpRequest) -> RequestContext:
    """Return the context of everything this request does."""
    user = request.user
    circumstances = {
        "request_id": request_id(request),
        "ip_address": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:1000],
    }
    if not isinstance(user, User):
        return RequestContext(**circumstances)
    return RequestContext(
        user_id=str(user.pk),
        user_email=user.email,
        user_role=user.role,
        tenant_ids=str(user.tenant_id) if user.tenant_id else "all",
        **circumstances,
    )
