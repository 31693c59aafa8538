"""What a hostile request gets: no way elsewhere, no other host or sender, no insides, no forged line in a log."""

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, IntegrityError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, reverse
from pytest_django import Settings

from apps.accounts.models import SignInAttempt
from apps.audit.models import AuditLog
from apps.core.logs import LineFormatter
from apps.nodes.models import NodeApiKey
from tests import make
from tests.accounts.test_requests import behind as behind

SignIn = Callable[[str], Client]
pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "HTTPS://evil.example",
    "http:\\\\evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    "\n//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x08//evil.example",
    "//evil.example@testserver",
    "//testserver@evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "http://testserver:password@evil.example",
    "//[::1",
    "http://[evil.example",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "ftp://testserver/",
    "http:///evil.example",
    "//evil。example",
]


def is_here(location: str) -> bool:
    """Tell whether a browser that follows a location stays on this host."""
    stripped = "".join(c for c in location if c not in "\t\r\n").strip().replace("\\", "/")
    return stripped.startswith("/") and not stripped.startswith("//")


def led_away(answers: dict[str, Any]) -> dict[str, str]:
    """Return where answers lead a browser that is not here."""
    redirects = {wanted: answer["Location"] for wanted, answer in answers.items() if answer.status_code == 302}
    return {wanted: location for wanted, location in redirects.items() if not is_here(location)}


def test_signing_in_leads_nowhere_else(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    person = make.user("USER", password=make.PASSWORD)
    form = {"email": person.email, "password": make.PASSWORD}
    answers = {wanted: Client().post("/sign-in/", {**form, "next": wanted}) for wanted in ELSEWHERE}

    assert led_away(answers) == {}
    # A form with NUL in it is refused as such.
    assert {wanted for wanted, answer in answers.items() if answer.status_code != 302} == {"\x00//evil.example"}


def test_page_of_signing_in_leads_nowhere_else_once_signed_in(client_as: SignIn) -> None:
    client = client_as("USER")
    answers = {wanted: client.get("/sign-in/", {"next": wanted}) for wanted in ELSEWHERE}

    assert led_away(answers) == {}
    assert {answer.status_code for answer in answers.values()} == {302}


def test_data_correction_leads_strangers_to_our_sign_in_only() -> None:
    answers = {wanted: Client().get("/admin/login/", {"next": wanted}) for wanted in ELSEWHERE}

    assert {answer["Location"].partition("=")[0] for answer in answers.values()} == {"/sign-in/?next"}


def test_signing_out_leads_nowhere_else(client_as: SignIn) -> None:
    answer = client_as("USER").post("/sign-out/", {"next": "//evil.example"}, QUERY_STRING="next=//evil.example")

    assert (answer.status_code, is_here(answer["Location"])) == (302, True)


@pytest.mark.parametrize("wanted", ["/nodes/", "/nodes/?q=a&sort=name", "/audit/#top"])
def test_sign_in_leads_back_to_a_page_of_ours(wanted: str, client_as: SignIn) -> None:
    assert client_as("USER").get("/sign-in/", {"next": wanted})["Location"] == wanted


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80", "testserver/x", ""],
)
@pytest.mark.parametrize("address", ["/", "/sign-in/", "/api/v1/nodes/", "/admin/"])
def test_other_hosts_are_refused_and_not_shown_back(host: str, address: str) -> None:
    answer = Client(raise_request_exception=False).get(address, headers={"Host": host})

    assert answer.status_code == 400
    assert b"evil" not in answer.content


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Rewrite-Url", "X-Original-Url"]
)
def test_header_of_a_client_is_no_host(header: str) -> None:
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    answer = Client().get("/sign-in/", headers={header: value})

    assert answer.status_code == 200
    assert b"evil.example" not in answer.content


@pytest.fixture
def encrypted(settings: Settings) -> None:
    """An installation whose address is https, behind one proxy."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def test_page_asked_for_without_encryption_is_sent_to_it(encrypted: None) -> None:
    answer = Client().get("/nodes/?q=a")

    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/nodes/?q=a")


def test_program_that_calls_without_encryption_is_told_and_never_redirected(encrypted: None) -> None:
    key = make.key(make.node())
    answer = Client().get("/api/v1/agent/config", headers={"Authorization": f"Bearer {key.text}"})

    assert (answer.status_code, answer.json()["code"]) == (403, "https_only")
    assert NodeApiKey.objects.get(pk=key.row.pk).last_used_at is None


def test_encrypted_request_is_answered_and_insists(encrypted: None) -> None:
    answer = Client().get("/sign-in/", headers={"X-Forwarded-Proto": "https"})

    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "198.51.100.1"), (2, "203.0.113.9")])
def test_forwarded_for_counts_as_far_as_our_proxies_in_log_throttle_and_allow_list(
    proxies: int, seen: str, behind: Any
) -> None:
    behind(proxies)
    chain = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 198.51.100.1"}
    client = Client()
    client.post("/sign-in/", {"email": "nobody@example.test", "password": "x"}, headers=chain)
    node = make.node()
    verdicts = {}
    for allowed in ("6.6.6.6", seen):
        key = make.key(node)
        NodeApiKey.objects.filter(pk=key.row.pk).update(allowed_ips=[allowed])
        answer = client.get("/api/v1/agent/config", headers={**chain, "Authorization": f"Bearer {key.text}"})
        verdicts[allowed] = answer.status_code

    assert AuditLog.objects.get(action="SIGN_IN_REFUSED").ip_address == seen
    assert SignInAttempt.objects.filter(key=f"address:{seen}").exists()
    assert not SignInAttempt.objects.filter(key="address:6.6.6.6").exists()
    assert verdicts == {"6.6.6.6": 401, seen: 204}


def failing(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that a broken statement ends."""

    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


STATEMENTS = {
    "unknown": ProgrammingError(
        'relation "secret_table" does not exist\nLINE 1: SELECT secret_column FROM secret_table'
    ),
    "twice": IntegrityError('duplicate key value violates unique constraint "secret_column"\nDETAIL: (a)=(secret)'),
    "text": DataError("invalid input syntax for type uuid: secret"),
    "bug": KeyError("secret"),
}
urlpatterns = [path(f"{door}{name}/", failing(error)) for name, error in STATEMENTS.items() for door in ("", "api/")]
urlpatterns += [path("", include("apps.portal.urls"))]  # type: ignore[list-item]
handler500 = "apps.portal.views.errors.server_error"


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
@override_settings(ROOT_URLCONF=__name__)
def test_broken_statement_shows_nothing_of_itself(name: str, headers: dict[str, str]) -> None:
    client = Client(raise_request_exception=False, headers=headers)
    for door in ("/", "/api/"):
        answer = client.get(f"{door}{name}/")
        assert answer.status_code == 500
        assert not [part for part in ("secret", "SELECT", "Traceback", "Error(") if part in answer.content.decode()]


def test_upload_of_more_than_one_file_or_many_fields_is_refused(client_as: SignIn) -> None:
    ada = client_as("ADMIN")
    ada.raise_request_exception = False
    address = reverse("admin:nodes_node_import")
    two = {name: SimpleUploadedFile(f"{name}.csv", b"id\n") for name in ("import_file", "another")}

    assert ada.post(address, two).status_code == 400
    assert ada.post(address, {f"field{number}": "x" for number in range(1100)}).status_code == 400


@pytest.fixture
def written() -> Iterator[Callable[[], list[str]]]:
    """Return what reads the lines that the process would write."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    root.addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)


FORGED = "x\r\n2026-01-01 00:00:00,000 INFO omega all is well \x1b[2J\x1b[31m\x85\u2028"


def test_no_part_of_a_request_forges_a_line_in_the_log(written: Callable[[], list[str]]) -> None:
    client = Client(raise_request_exception=False)
    hostile = FORGED.encode("utf-8").decode("latin-1")
    client.get("/nowhere/%0d%0a2026-01-01%20INFO%20omega%20all%20is%20well%1b[2J/", headers={"User-Agent": hostile})
    client.get("/", HTTP_HOST=hostile)
    client.post("/sign-in/", {"email": FORGED, "password": FORGED}, HTTP_USER_AGENT=hostile)
    client.generic("GET", "/api/v1/nodes/", HTTP_AUTHORIZATION=f"Bearer {hostile}")
    client.generic("POST", "/sign-in/", FORGED.encode(), content_type=f"text/{hostile}")
    lines = written()

    assert len(lines) >= 2
    assert [line for line in lines if line.startswith("2026-01-01") or "\x1b" in line or "\x85" in line] == []
    assert sum(r"\r\n2026-01-01" in line for line in lines) >= 2, "they are there, as text"


def test_scanner_costs_one_line_a_request(written: Callable[[], list[str]]) -> None:
    for number in range(5):
        Client(raise_request_exception=False).get("/", headers={"Host": f"scan-{number}.example"})

    assert len(written()) == 5


def test_hostile_words_stand_escaped_in_the_log_of_events(client_as: SignIn) -> None:
    Client().post("/sign-in/", {"email": f"<script>{FORGED}</script>@example.test", "password": "x"})
    page = client_as("ADMIN").get("/audit/").content.decode()

    assert "<script>x" not in page
    assert "\x1b" not in page
