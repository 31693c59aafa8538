"""The doors of the identity provider: where people leave for it, come back from it, and where it calls itself."""

import logging
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from apps.accounts.oidc import proof_of
from apps.accounts.oidc_errors import (
    RETRY_SECONDS,
    ClientRefused,
    GrantRefused,
    ProviderUnavailable,
    SignInRefused,
    TokenRefused,
)
from apps.accounts.oidc_provider import provider
from apps.accounts.requests import is_background, sender_text
from apps.accounts.services.backchannel import obey_logout_token
from apps.accounts.services.refusals import note_refusal
from apps.accounts.services.web_sessions import begin_session
from apps.core.errors import PortalError, Throttled
from apps.portal.access import ask_to_sign_in, safe_next

log = logging.getLogger(__name__)
STATES, NEXT = "oidc_states", "oidc_login_next"
STATE_SECONDS = 600
LARGEST_LOGOUT_TOKEN = 20_000


class Start(OIDCAuthenticationRequestView):  # type: ignore[misc]
    """Leaves for the provider with state, nonce and PKCE; the addresses come from its own configuration."""

    http_method_names = ["post"]

    @staticmethod
    def get_settings(attr: str, *default: Any) -> Any:
        """Return what the stock view asks for."""
        if attr == "OIDC_OP_AUTHORIZATION_ENDPOINT":
            return provider().authorization_endpoint
        return settings.OMEGA.oidc_client_id if attr == "OIDC_RP_CLIENT_ID" else import_from_settings(attr, *default)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember where the person wanted to go, and send them off."""
        answer: HttpResponse = self.get(request)
        request.session[NEXT] = safe_next(request, request.POST.get("next", ""))
        # Whoever does not come back leaves nothing for long.
        request.session.set_expiry(STATE_SECONDS)
        return answer

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Let a person sign in as somebody else although the provider still knows them."""
        return {"prompt": "login"} if request.POST.get("afresh") else {}


class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Comes back from the provider; every sign-in opens a new session."""

    def login_success(self) -> HttpResponse:
        """Open the session."""
        wanted = self.request.session.get(NEXT) or resolve_url(settings.LOGIN_REDIRECT_URL)
        begin_session(request=self.request, user=self.user, now=timezone.now(), proof=proof_of(self.request))
        return redirect(wanted)

    def login_failure(self) -> HttpResponse:
        """Refuse what no check of ours named."""
        raise SignInRefused("refused", "The sign-in did not succeed. Start again.")


@never_cache
@transaction.non_atomic_requests
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Leave for the identity provider."""
    _only_with_provider()
    if is_background(request):
        return ask_to_sign_in(request)
    if request.user.is_authenticated:
        return redirect(safe_next(request, request.POST.get("next", "")))
    try:
        answer: HttpResponse = Start.as_view()(request)
    except ProviderUnavailable as trouble:
        return _away(request, trouble)
    return answer


@never_cache
@transaction.non_atomic_requests
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Come back from the identity provider. A state counts once; whoever is in already is sent on."""
    _only_with_provider()
    if is_background(request):
        return ask_to_sign_in(request)
    try:
        _check_answer(request)
        answer: HttpResponse = Callback.as_view()(request)
    except ProviderUnavailable as trouble:
        return _away(request, trouble)
    except (GrantRefused, TokenRefused, SignInRefused) as refusal:
        return _refused(request, refusal)
    return answer


@csrf_exempt
@never_cache
@transaction.non_atomic_requests
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """End sessions by the word of the identity provider: 200, 400 for a token that is none, 503 while it is away."""
    _only_with_provider()
    token = request.POST.get("logout_token", "")[:LARGEST_LOGOUT_TOKEN]
    try:
        obey_logout_token(token=token, now=timezone.now())
    except TokenRefused as refusal:
        return _logout_refused(request, refusal)
    except ProviderUnavailable as trouble:
        answer = JsonResponse({"error": "temporarily_unavailable", "error_description": trouble.detail}, status=503)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return HttpResponse(status=200)


def _only_with_provider() -> None:
    """Be absent where nobody configured a provider."""
    if not settings.OMEGA.has_identity_provider:
        raise Http404


def _check_answer(request: HttpRequest) -> None:
    """Refuse an answer that nobody here asked for, that comes too late or from another issuer, or that is an error.

    A state that is refused is used up.
    """
    states = request.session.get(STATES, {})
    asked = states.get(request.GET.get("state", ""))
    if asked is None:
        raise SignInRefused("unknown_state", "This sign-in was used before, or began in another browser. Start again.")
    issuer, error = request.GET.get("iss"), request.GET.get("error", "")
    refusal = None
    if issuer != provider().issuer and (issuer is not None or provider().names_itself):
        refusal = SignInRefused("wrong_issuer", "The answer came from another sign-in service. Start again.")
    elif time.time() - asked["added_on"] > STATE_SECONDS:
        refusal = SignInRefused("state_expired", "The sign-in took too long. Start again.")
    elif error or not request.GET.get("code"):
        refusal = SignInRefused("provider_error", f"The sign-in service answered: {error[:100] or 'nothing'}.")
    if refusal is not None:
        del states[request.GET["state"]]
        request.session.modified = True
        raise refusal


def _refused(request: HttpRequest, refusal: PortalError) -> HttpResponse:
    """Write a refusal down and say what to do; somebody who is in already is only sent on."""
    try:
        note_refusal(action="SIGN_IN_REFUSED", refusal=refusal, address=sender_text(request), now=timezone.now())
    except Throttled as wait:
        return _page(request, "errors/idp_refused.html", {"refusal": wait}, wait.status)
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return _page(request, "errors/idp_refused.html", {"refusal": refusal}, refusal.status)


def _logout_refused(request: HttpRequest, refusal: TokenRefused) -> HttpResponse:
    """Write a refused logout token down."""
    address = f"{sender_text(request)} logout"
    try:
        note_refusal(action="BACKCHANNEL_LOGOUT_REFUSED", refusal=refusal, address=address, now=timezone.now())
    except Throttled as wait:
        return JsonResponse({"error": wait.code, "error_description": wait.detail}, status=wait.status)
    return JsonResponse({"error": "invalid_request", "error_description": refusal.why}, status=400)


def _away(request: HttpRequest, trouble: ProviderUnavailable) -> HttpResponse:
    """Say that the sign-in service is away, and what else there is."""
    log.warning("nobody can sign in: %s", trouble.detail)
    answer = _page(
        request,
        "errors/idp_away.html",
        {"break_glass": settings.OMEGA.break_glass, "client_refused": isinstance(trouble, ClientRefused)},
        trouble.status,
    )
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    """Render a page of trouble, from which one can start again to where one wanted to go."""
    wanted = safe_next(request, request.session.get(NEXT) or request.POST.get("next", ""))
    return render(request, template, {"next": wanted, **context}, status=status)
