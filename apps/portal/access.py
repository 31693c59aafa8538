"""Who may open a page: every view names the action it needs, and a refusal is remembered."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts.models import User
from apps.accounts.permissions import Action, can
from apps.accounts.requests import is_background

Path = ParamSpec("Path")


class SignedIn(HttpRequest):
    """A request behind `require`: its user is a person of ours."""

    user: User


View = Callable[Concatenate[SignedIn, Path], HttpResponseBase]
OpenView = Callable[Concatenate[HttpRequest, Path], HttpResponseBase]


class Refused(PermissionDenied):
    """A signed-in person asked for what their role does not allow; the 403 page writes it to the audit log."""

    def __init__(self, action: Action) -> None:
        """Remember the action."""
        super().__init__(f"Your role does not allow {action}.")
        self.action = action


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a person to the sign-in page, which leads back here afterwards; answer a script 401."""
    if is_background(request):
        return HttpResponse("Sign in again.", status=401, content_type="text/plain; charset=utf-8")
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': wanted})}")


def safe_next(request: HttpRequest, wanted: str) -> str:
    """The wanted address when it stays on this host, otherwise the overview's."""
    is_safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and is_safe else resolve_url(settings.LOGIN_REDIRECT_URL)


def require(action: Action) -> Callable[[View[Path]], OpenView[Path]]:
    """Open a view only to signed-in people whose role allows the action."""

    def decorate(view: View[Path]) -> OpenView[Path]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: Path.args, **kwargs: Path.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            if not can(request.user, action):
                raise Refused(action)
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        return guarded

    return decorate


def signed_in(view: View[Path]) -> OpenView[Path]:
    """Open a view to everybody who is signed in: the pages about oneself."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Path.args, **kwargs: Path.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return guarded
