"""What a request tells about who sends it."""

import re
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.address import Address, client_address
from apps.core.context import RequestContext

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


def context_of(request: HttpRequest) -> RequestContext:
    """Return the context of everything this request does."""
    user = request.user
    circumstances = {
        "request_id": request_id(request),
        "ip_address": sender_text(request),
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
