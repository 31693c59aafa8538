"""Talks to the identity provider: its discovery document, its signing keys, its token endpoint.

Every request has a time limit; documents are kept for ten minutes in this process. Whatever goes wrong on the way is
ProviderUnavailable; only a clear refusal of a grant is GrantRefused.
"""

import json
import time
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import quote

import jwt
import requests
from django.conf import settings
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError

from apps.accounts.oidc_errors import ClientRefused, GrantRefused, ProviderUnavailable, TokenRefused
from apps.core.text import storable

ALGORITHM = "RS256"
KEPT_SECONDS = 600.0
FORCED_EVERY_SECONDS = 10.0
RECENT_SECONDS = 10.0
NOT_AGAIN_SECONDS = 2.0
LARGEST_ANSWER = 1024 * 1024
READ_AT_ONCE = 64 * 1024
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
CLIENT_ERRORS = ("invalid_client", "unauthorized_client")


class Kept:
    """One document, read when it is asked for and kept for a while; one thread reads, others wait for it."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        """Take how it is read."""
        self._read = read
        self._lock = Lock()
        self._value: dict[str, Any] | None = None
        self._read_at = 0.0
        self._not_before = 0.0
        self._failure: ProviderUnavailable | None = None
        self._failed_at = 0.0

    def get(self, at_most: float = KEPT_SECONDS) -> dict[str, Any]:
        """Return the document, so many seconds old at most."""
        with self._lock:
            if self._value is None or time.monotonic() - self._read_at >= at_most:
                self._read_again()
            return self._value or {}

    def get_fresh(self) -> dict[str, Any]:
        """Return the document read anew, unless somebody had that done a moment ago."""
        with self._lock:
            if time.monotonic() >= self._not_before:
                self._not_before = time.monotonic() + FORCED_EVERY_SECONDS
                self._read_again()
            return self._value or {}

    def _read_again(self) -> None:
        """Read it; a failure stands for a moment, so that those who wait do not each wait for another one."""
        if self._failure and time.monotonic() - self._failed_at < NOT_AGAIN_SECONDS:
            raise self._failure
        try:
            self._value = self._read()
        except ProviderUnavailable as failure:
            self._failure, self._failed_at = failure, time.monotonic()
            raise
        self._failure, self._read_at = None, time.monotonic()


class Provider:
    """One identity provider, by its issuer."""

    def __init__(self, issuer: str) -> None:
        """Ask nothing yet."""
        self.issuer = issuer
        self._discovery = Kept(self._read_discovery)
        self._keys = Kept(self._read_keys)

    def endpoint(self, name: str) -> str:
        """Return the address of an endpoint; empty for one it does not have."""
        return str(self._discovery.get().get(name, ""))

    @property
    def authorization_endpoint(self) -> str:
        """Where browsers are sent; it was there a moment ago, since nobody comes back from a dead address."""
        return str(self._discovery.get(at_most=RECENT_SECONDS)["authorization_endpoint"])

    @property
    def names_itself(self) -> bool:
        """Whether its answers to the browser say who gave them (RFC 9207)."""
        return self._discovery.get().get("authorization_response_iss_parameter_supported") is True

    def signing_key(self, token: str) -> jwt.PyJWK:
        """Return the key a token says to be signed with; an unknown one is looked up anew, seldom."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise TokenRefused("unreadable") from None
        if header.get("alg") != ALGORITHM:
            raise TokenRefused("wrong_algorithm")
        found = _key_named(self._keys.get(), header.get("kid")) or _key_named(self._keys.get_fresh(), header.get("kid"))
        if found is None:
            raise TokenRefused("unknown_key")
        return found

    def tokens_for(self, grant: dict[str, str]) -> dict[str, Any]:
        """Return what the token endpoint gives for a code or a refresh token; raises GrantRefused."""
        config = settings.OMEGA
        secret = config.oidc_client_secret.get_secret_value() if config.oidc_client_secret else ""
        status, content = self._ask(
            "post",
            self.endpoint("token_endpoint"),
            data=grant,
            auth=HTTPBasicAuth(quote(config.oidc_client_id or "", safe=""), quote(secret, safe="")),
        )
        found = _object(status, content, "its tokens")
        if status == requests.codes.ok:
            return found
        error = storable(str(found.get("error", "")))[:100]
        if status == requests.codes.bad_request and error == "invalid_grant":
            raise GrantRefused(error)
        if error in CLIENT_ERRORS:
            raise ClientRefused(f"tokens: {status} {error}")
        raise ProviderUnavailable(f"tokens: {status} {error}")

    def _read_discovery(self) -> dict[str, Any]:
        """Read the document that names everything else; it must be this issuer's own."""
        found = self._read(f"{self.issuer}/.well-known/openid-configuration", "its configuration")
        if found.get("issuer") != self.issuer or not all(isinstance(found.get(name), str) for name in ENDPOINTS):
            raise ProviderUnavailable("its configuration is of another issuer or incomplete")
        return found

    def _read_keys(self) -> dict[str, Any]:
        """Read the signing keys by their ids; keys for other purposes are left out."""
        listed = self._read(self.endpoint("jwks_uri"), "its keys").get("keys")
        if not isinstance(listed, list):
            raise ProviderUnavailable("its keys are no list")
        found = {key["kid"]: key for key in listed if isinstance(key, dict) and _is_for_signing(key)}
        if not found:
            raise ProviderUnavailable("it shows no key for signing")
        return found

    def _read(self, url: str, what: str) -> dict[str, Any]:
        """Read one JSON object."""
        status, content = self._ask("get", url)
        if status != requests.codes.ok:
            raise ProviderUnavailable(f"{what}: {status}")
        return _object(status, content, what)

    def _ask(self, method: str, url: str, **options: Any) -> tuple[int, bytes]:
        """Send one request; returns status and body. Redirects are not followed: secrets go where they belong."""
        limits: dict[str, Any] = {"verify": settings.OIDC_VERIFY_SSL, "allow_redirects": False, "stream": True}
        until = time.monotonic() + settings.OIDC_TIMEOUT
        try:
            with requests.request(method, url, timeout=settings.OIDC_TIMEOUT, **limits, **options) as answer:
                return answer.status_code, _body(answer, until)
        except (requests.RequestException, HTTPError) as error:
            raise ProviderUnavailable(type(error).__name__) from None


def _body(answer: requests.Response, until: float) -> bytes:
    """Read an answer as it comes, up to a point of the monotonic clock and to a size.

    The time limit of the library is for each wait alone: drop by drop an answer could take for ever.
    """
    found = b""
    while part := answer.raw.read1(READ_AT_ONCE, decode_content=True):
        found += part
        if len(found) > LARGEST_ANSWER:
            raise ProviderUnavailable("an answer without an end")
        if time.monotonic() > until:
            raise ProviderUnavailable("too slow")
    return found


def _object(status: int, content: bytes, what: str) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderUnavailable(f"{what}: {status}, no JSON object")
    return found


def _is_for_signing(key: dict[str, Any]) -> bool:
    """Tell whether a published key is one that signs tokens of ours."""
    usual = key.get("alg", ALGORITHM) == ALGORITHM and key.get("use", "sig") == "sig"
    return usual and key.get("kty") == "RSA" and isinstance(key.get("kid"), str)


def _key_named(keys: dict[str, Any], kid: object) -> jwt.PyJWK | None:
    """Return the key of an id."""
    data = keys.get(kid) if isinstance(kid, str) else None
    if data is None:
        return None
    try:
        return jwt.PyJWK(data, algorithm=ALGORITHM)
    except (jwt.InvalidKeyError, jwt.PyJWKError):
        raise ProviderUnavailable("its key cannot be read") from None


@cache
def _provider(issuer: str) -> Provider:
    """Return the one object for an issuer, with what it keeps."""
    return Provider(issuer)


def provider() -> Provider:
    """Return the configured identity provider."""
    return _provider(settings.OMEGA.oidc_issuer or "")
