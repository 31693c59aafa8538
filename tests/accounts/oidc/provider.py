"""An OpenID provider shaped like Keycloak, in this process: honest until a test tells it otherwise."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "omega-portal", "a secret/with: odd+characters"
REALM = "/realms/omega"
Claims = dict[str, Any]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@cache
def private_key(name: str) -> RSAPrivateKey:
    """Return the signing key of a name, made once."""
    return generate_private_key(65537, 2048)


@dataclass
class Person:
    """Somebody the provider knows; `roles` None = the mapper is missing."""

    sub: str
    email: str
    roles: Any = field(default_factory=lambda: ["user"])
    email_verified: Any = True
    name: str = "Some Body"
    is_enabled: bool = True


class OpenIdProvider:
    """The provider and its knobs.

    `mutate` changes the claims of ID tokens before they are signed, `forge` makes a token of them instead of signing,
    `answer` changes what the browser brings back, `trouble` is a path that answers 500, nonsense, drop by
    drop, without an end or not at all; `sent` counts the bytes of what has no end.
    """

    def __init__(self) -> None:
        """Listen on a port of its own."""
        self.key_name = "first"
        self.people: dict[str, Person] = {}
        self.present = ""
        self.codes: dict[str, Claims] = {}
        self.refresh_tokens: dict[str, Claims] = {}
        self.asked: Counter[str] = Counter()
        self.mutate: Callable[[Claims], Claims] = lambda claims: claims
        self.forge: Callable[[Claims], str] = self.sign
        self.answer: Callable[[Claims], Claims] = lambda answer: answer
        self.gives_refresh_tokens = True
        self.trouble: dict[str, str] = {}
        self.sent = 0
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}{REALM}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop listening, and let go whoever waits."""
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, sub: str, **columns: Any) -> Person:
        """Let somebody exist, and be the one who sits before the browser."""
        person = Person(sub, **{"email": f"{sub}@example.test", **columns})
        self.people[sub] = person
        self.present = sub
        return person

    def sign(self, claims: Claims, key: str = "", **header: Any) -> str:
        """Return a token; the header names the key in use unless told otherwise."""
        header = {"kid": self.key_name, "typ": "JWT", **header}
        return jwt.encode(claims, private_key(key or self.key_name), algorithm="RS256", headers=header)

    def id_token(self, grant: Claims) -> str:
        """Return the ID token of a grant."""
        person, now = self.people[grant["sub"]], int(time.time())
        claims: Claims = {
            "iss": self.issuer, "sub": person.sub, "aud": CLIENT, "azp": CLIENT, "typ": "ID", "iat": now,
            "exp": now + 300, "jti": secrets.token_hex(8), "sid": grant["sid"], "email": person.email,
            "email_verified": person.email_verified, "name": person.name, "preferred_username": person.sub,
        }  # fmt: skip
        if person.roles is not None:
            claims["portal_roles"] = person.roles
        if grant.get("nonce"):
            claims["nonce"] = grant["nonce"]
        return self.forge(self.mutate(claims))

    def logout_claims(self, sub: str = "", sid: str = "") -> Claims:
        """Return what a logout token says."""
        now = int(time.time())
        named = {name: value for name, value in (("sub", sub), ("sid", sid)) if value}
        return {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
            "typ": "Logout", "events": {EVENT: {}}, **named,
        }  # fmt: skip

    def logout_token(self, sub: str = "", sid: str = "", **changes: Any) -> str:
        """Return a logout token; a change to None leaves the claim out."""
        claims = {**self.logout_claims(sub, sid), **changes}
        return self.sign({name: value for name, value in claims.items() if value is not None}, typ="logout+jwt")

    def reply(self, path: str, query: Claims, form: Claims, login: str) -> tuple[int, Any, str]:
        """Return status, body and where to go."""
        pages = {"/.well-known/openid-configuration": self._discovery, "/certs": self._certs}
        if path in pages:
            return 200, pages[path](), ""
        if path == "/auth":
            return self._auth(query)
        if path == "/token":
            return self._token(form, login)
        return 404, {}, ""

    def _discovery(self) -> Claims:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/certs",
            "end_session_endpoint": f"{self.issuer}/logout", "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def _certs(self) -> Claims:
        public = RSAAlgorithm.to_jwk(private_key(self.key_name).public_key(), as_dict=True)
        other = RSAAlgorithm.to_jwk(private_key("for encryption").public_key(), as_dict=True)
        return {
            "keys": [
                {**other, "kid": "other", "alg": "RSA-OAEP", "use": "enc"},
                {**public, "kid": self.key_name, "alg": "RS256", "use": "sig"},
            ]
        }

    def _auth(self, query: Claims) -> tuple[int, Any, str]:
        answer = {"state": query.get("state", ""), "iss": self.issuer}
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return 302, None, f"{query['redirect_uri']}?{urlencode({**answer, 'error': 'invalid_request'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "sub": self.present, "sid": secrets.token_hex(8)}
        return 302, None, f"{query['redirect_uri']}?{urlencode(self.answer({**answer, 'code': code}))}"

    def _token(self, form: Claims, login: str) -> tuple[int, Any, str]:
        if login != f"{CLIENT}:{SECRET}":
            return 401, {"error": "unauthorized_client"}, ""
        by_code = form.get("grant_type") == "authorization_code"
        grant = self.codes.pop(form.get("code", ""), None) if by_code else self._refreshed(form)
        if grant is None or (by_code and not _fits(grant, form)) or not self.people[grant["sub"]].is_enabled:
            return 400, {"error": "invalid_grant", "error_description": "not active"}, ""
        found = {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(grant)}
        if self.gives_refresh_tokens:
            found["refresh_token"] = secrets.token_urlsafe(16)
            self.refresh_tokens[found["refresh_token"]] = {k: v for k, v in grant.items() if k != "nonce"}
        return 200, found, ""

    def _refreshed(self, form: Claims) -> Claims | None:
        return self.refresh_tokens.pop(form.get("refresh_token", ""), None)


def _fits(grant: Claims, form: Claims) -> bool:
    """Tell whether whoever brings a code is who asked for it."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return challenge == grant["code_challenge"] and form.get("redirect_uri") == grant["redirect_uri"]


def _handler(op: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests for a provider."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer(dict(parse_qsl(body)))

        def _answer(self, form: Claims) -> None:
            where = urlsplit(self.path)
            path = where.path.removeprefix(REALM)
            op.asked[path] += 1
            trouble = op.trouble.get(path)
            if trouble == "silent":
                op.released.wait(30)
                return
            if trouble == "endless":
                _send_for_ever(self, op)
                return
            basic = self.headers.get("Authorization", "").removeprefix("Basic ")
            login = unquote(base64.b64decode(basic).decode())
            status, body, place = 500, {"error": "server_error"}, ""
            if trouble != "broken":
                status, body, place = op.reply(path, dict(parse_qsl(where.query)), form, login)
            content = b"<html>no JSON" if trouble == "nonsense" else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if place:
                self.send_header("Location", place)
            self.end_headers()
            _send(self, op, content, drop=1 if trouble == "dripping" else len(content))

    return Handler


def _send(handler: BaseHTTPRequestHandler, op: OpenIdProvider, content: bytes, *, drop: int) -> None:
    """Send a body by so many bytes at once, twenty times a second at most."""
    with suppress(OSError):
        for position in range(0, len(content), drop):
            handler.wfile.write(content[position : position + drop])
            op.released.wait(0 if drop == len(content) else 0.05)


def _send_for_ever(handler: BaseHTTPRequestHandler, op: OpenIdProvider) -> None:
    """Send blanks as long as somebody takes them, a gigabyte at most."""
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        while op.sent < 2**30 and not op.released.is_set():
            handler.wfile.write(b" " * 2**20)
            op.sent += 2**20
