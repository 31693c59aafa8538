"""The site for data correction: Django's admin in its own corner, behind the portal's own sign-in.

Only people whose role has the action `admin.site` get in (`User.is_staff` asks the permission table).
"""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from unfold.sites import UnfoldAdminSite

from apps.audit.models import Category, Status
from apps.audit.services import record_apart

# The theme builds its components with Alpine, which evaluates attribute text, and writes its colours into a <style>.
OWN_POLICY = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class RepeatElsewhere(HttpResponseRedirect):
    """Sends the same request, with its body, to another address."""

    status_code = 307


class CorrectionSite(UnfoldAdminSite):  # type: ignore[misc]
    """Every page asks `is_staff`; nothing of Django's own log-in pages is left."""

    site_header = site_title = "Omega data correction"
    index_title = "Data correction"
    enable_nav_sidebar = True

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """Give the pages the content security policy that the theme needs; all others keep the strict one."""
        return cast("Callable[..., HttpResponse]", csp_update(OWN_POLICY)(super().admin_view(view, cacheable)))

    @method_decorator(transaction.non_atomic_requests)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the portal's sign-in; people whose role does not suffice get 403."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            _record_refusal(request)
            raise PermissionDenied("Your role does not open the data-correction site.")
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or resolve_url("admin:index")
        return redirect(f"{resolve_url('accounts:sign-in')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Hand over to the portal's sign-out, which writes the audit log."""
        return RepeatElsewhere(resolve_url("accounts:sign-out"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Hand over to the portal's page about oneself."""
        return redirect("accounts:profile")


def _record_refusal(request: HttpRequest) -> None:
    """Write down who tried to get in without the role for it."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    record_apart(
        action="ACCESS_DENIED",
        category=Category.AUTH,
        resource_type="page",
        resource_name=wanted[:255].replace("\x00", ""),
        description="refused: the role does not open the data-correction site",
        details={"action": "admin.site"},
        status=Status.FAILURE,
    )


site = CorrectionSite(name="admin")
