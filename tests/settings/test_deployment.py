"""`manage.py check --deploy` is content with a production environment, and names what spoils one."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import UserSettingsHolder, global_settings
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.db import connections

from apps.core.checks import findings
from apps.core.checks.oidc import library_findings
from omega_portal.settings.config import Config

Environment = Callable[..., UserSettingsHolder]
ROOT = Path(__file__).parents[2]
SAFE = {
    "OMEGA_ENV": "production",
    "OMEGA_PROCESS": "web",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "FIELD_KEYS": "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DATABASE_URL": "postgresql://omega_owner:secret@db.example.test/omega",
    "DATABASE_TLS": "verify-full",
    "REDIS_URL": "rediss://cache.example.test:6379/0",
    "PUBLIC_URL": "https://omega.example.test",
    "INGEST_PUBLIC_URL": "https://ingest.example.test",
    "ALLOWED_HOSTS": "omega.example.test,ingest.example.test",
    "TRUSTED_PROXIES": "1",
    "OIDC_ISSUER": "https://login.example.test/realms/omega",
    "OIDC_CLIENT_ID": "omega-portal",
    "OIDC_CLIENT_SECRET": "a client secret",
}
# In production most of these stop the process already; here they are judged as `check --deploy` does beforehand.
ENVIRONMENTS = [
    ("omega.E001", "OMEGA_ENV", {"OMEGA_ENV": "test"}),
    ("omega.E003", "ALLOWED_HOSTS", {"ALLOWED_HOSTS": "*"}),
    ("omega.E003", "ALLOWED_HOSTS", {"ALLOWED_HOSTS": ".example.test"}),
    ("omega.E003", "ALLOWED_HOSTS", {"ALLOWED_HOSTS": ""}),
    ("omega.E004", "PUBLIC_URL", {"ALLOWED_HOSTS": "other.example.test"}),
    ("omega.E005", "PUBLIC_URL", {"PUBLIC_URL": "http://omega.example.test"}),
    ("omega.E005", "INGEST_PUBLIC_URL", {"INGEST_PUBLIC_URL": "http://ingest.example.test"}),
    ("omega.E007", "PUBLIC_URL", {"PUBLIC_URL": "http://omega.example.test"}),
    ("omega.E008", "PUBLIC_URL", {"PUBLIC_URL": "http://omega.example.test"}),
    ("omega.E009", "PUBLIC_URL", {"PUBLIC_URL": "http://omega.example.test"}),
    ("omega.E015", "PUBLIC_URL", {"PUBLIC_URL": "http://omega.example.test"}),
    ("omega.W016", "TRUSTED_PROXIES", {"TRUSTED_PROXIES": "0"}),
    ("omega.E020", "SECRET_KEY", {"SECRET_KEY": "short"}),
    ("omega.E021", "DATABASE_TLS", {"DATABASE_TLS": "require"}),
    ("omega.E021", "DATABASE_TLS", {"DATABASE_PORTAL_URL": "postgresql://p:p@db.example.test/omega?sslmode=prefer"}),
    ("omega.E022", "REDIS_URL", {"REDIS_URL": "redis://cache.example.test:6379/0"}),
    ("omega.E023", "REDIS_URL", {"REDIS_URL": "rediss://cache.example.test/0?ssl_cert_reqs=none"}),
    ("omega.E023", "REDIS_URL", {"REDIS_URL": "rediss://cache.example.test/0?ssl_check_hostname=false"}),
    ("omega.W024", "FIELD_KEYS", {"FIELD_KEYS": ""}),
    ("omega.E030", "OIDC_ISSUER", {"OIDC_ISSUER": "http://login.example.test/realms/omega"}),
    ("omega.E030", "OIDC_ISSUER", {"OIDC_ISSUER": "https:///realms/omega"}),
    ("omega.E031", "OIDC_ISSUER", {"OIDC_ISSUER": ""}),
    ("omega.E032", "OIDC_CLIENT_ID", {"OIDC_CLIENT_ID": ""}),
    ("omega.E032", "OIDC_CLIENT_SECRET", {"OIDC_CLIENT_SECRET": ""}),
    ("omega.I045", "BREAK_GLASS", {"BREAK_GLASS": "true"}),
]
SETTINGS = [
    ("omega.E002", "DEBUG", True),
    ("omega.E006", "CSRF_TRUSTED_ORIGINS", ["https://*.example.test"]),
    ("omega.E007", "SESSION_COOKIE_NAME", "sessionid"),
    ("omega.E007", "SESSION_COOKIE_SECURE", False),
    ("omega.E007", "SESSION_COOKIE_HTTPONLY", False),
    ("omega.E007", "SESSION_COOKIE_SAMESITE", "None"),
    ("omega.E007", "SESSION_COOKIE_DOMAIN", ".example.test"),
    ("omega.E007", "SESSION_COOKIE_PATH", "/portal/"),
    ("omega.E008", "CSRF_COOKIE_NAME", "__Secure-csrf"),
    ("omega.E008", "CSRF_COOKIE_SECURE", False),
    ("omega.E008", "CSRF_COOKIE_SAMESITE", None),
    ("omega.E009", "SECURE_HSTS_SECONDS", 86_400),
    ("omega.E010", "CONTENT_SECURITY_POLICY", {}),
    ("omega.E011", "DATA_UPLOAD_MAX_MEMORY_SIZE", None),
    ("omega.E011", "DATA_UPLOAD_MAX_NUMBER_FIELDS", None),
    ("omega.E012", "USE_X_FORWARDED_HOST", True),
    ("omega.E013", "SECURE_PROXY_SSL_HEADER", None),
    ("omega.E014", "REST_FRAMEWORK", {"NUM_PROXIES": None}),
    ("omega.E015", "SECURE_SSL_REDIRECT", False),
    ("omega.E033", "OIDC_VERIFY_SSL", False),
    ("omega.E034", "OIDC_RP_SIGN_ALGO", "HS256"),
    ("omega.E035", "OIDC_USE_PKCE", False),
    ("omega.E036", "OIDC_PKCE_CODE_CHALLENGE_METHOD", "plain"),
    ("omega.E037", "OIDC_USE_NONCE", False),
    ("omega.E038", "OIDC_ALLOW_UNSECURED_JWT", True),
    ("omega.E039", "OIDC_VERIFY_KID", False),
    ("omega.E040", "OIDC_TIMEOUT", None),
    ("omega.E040", "OIDC_TIMEOUT", 60),
    ("omega.E041", "ALLOW_LOGOUT_GET_METHOD", True),
    ("omega.E042", "OIDC_REDIRECT_ALLOWED_HOSTS", ["evil.example"]),
    ("omega.E043", "OIDC_STORE_ACCESS_TOKEN", True),
    ("omega.E043", "OIDC_STORE_ID_TOKEN", True),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., UserSettingsHolder]:
    """Return what makes Django's settings of an environment of nothing but these variables."""
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)

    def made(**variables: str) -> UserSettingsHolder:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        found = UserSettingsHolder(global_settings)
        for name, value in runpy.run_path(str(ROOT / "omega_portal" / "settings" / "django.py")).items():
            if name.isupper():
                setattr(found, name, value)
        return found

    return made


def found_in(settings: UserSettingsHolder) -> dict[str, CheckMessage]:
    """Return what the checks find, by id."""
    return {str(found.id): found for found in findings(settings)}


def check_deploy(**variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the real command in an environment of nothing but these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env=kept | variables, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def database_of_tests(django_db_setup: None) -> dict[str, str]:
    """What a web process is told to reach this run's database as its own role."""
    url = urlsplit(django_settings.DATABASE_ROLE_URLS["omega_portal"])
    name = connections["owner"].settings_dict["NAME"]
    return {"DATABASE_PORTAL_URL": url._replace(path=f"/{name}", query="sslmode=disable").geturl()}


def test_production_environment_is_clean(database_of_tests: dict[str, str]) -> None:
    done = check_deploy(**SAFE | database_of_tests)

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (3 silenced).\n"), done.stderr
    assert done.stderr == ""


def test_production_environment_without_identity_provider_is_clean(environment: Environment) -> None:
    without = {name: value for name, value in SAFE.items() if not name.startswith("OIDC_")}

    assert found_in(environment(**without)) == {}


def test_command_fails_and_names_id_and_variable(database_of_tests: dict[str, str]) -> None:
    spoiled = (
        SAFE
        | database_of_tests
        | {"FIELD_KEYS": "", "OIDC_ISSUER": "http://login.example.test", "TRUSTED_PROXIES": "0"}
    )
    done = check_deploy(**spoiled)

    assert done.returncode == 1
    for part in ("omega.W024", "FIELD_KEYS", "omega.E030", "OIDC_ISSUER", "omega.W016", "TRUSTED_PROXIES"):
        assert part in done.stderr
    assert "a client secret" not in done.stderr


def test_safe_environment_has_no_findings(environment: Environment) -> None:
    assert found_in(environment(**SAFE)) == {}


@pytest.mark.parametrize(("found", "variable", "spoiled"), ENVIRONMENTS)
def test_spoiled_environment_is_named(
    found: str, variable: str, spoiled: dict[str, str], environment: Environment
) -> None:
    settings = environment(**SAFE | {"OMEGA_ENV": "development"} | spoiled)

    assert variable in str(found_in(settings)[found].hint)


@pytest.mark.parametrize(("found", "name", "value"), SETTINGS)
def test_changed_setting_is_named(found: str, name: str, value: object, environment: Environment) -> None:
    settings = environment(**SAFE)
    setattr(settings, name, value)

    assert list(found_in(settings)) == [found]


@pytest.mark.parametrize(
    ("directive", "sources"),
    [
        ("script-src", ["'self'", "'unsafe-inline'"]),
        ("script-src", ["'self'", "'unsafe-eval'"]),
        ("style-src", ["'self'", "'unsafe-inline'"]),
        ("default-src", ["*"]),
        ("frame-ancestors", ["'self'"]),
        ("form-action", []),
    ],
)
def test_opened_policy_is_named(directive: str, sources: list[str], environment: Environment) -> None:
    settings = environment(**SAFE)
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, directive: sources}}

    assert directive in found_in(settings)["omega.E010"].msg


@pytest.mark.parametrize(
    ("missing", "found"),
    [("OIDC_RP_SIGN_ALGO", "omega.E034"), ("OIDC_USE_PKCE", "omega.E035"), ("OIDC_TIMEOUT", "omega.E040")],
)
def test_missing_setting_counts_as_the_librarys_own_unsafe_default(
    missing: str, found: str, environment: Environment
) -> None:
    settings = environment(**SAFE)
    delattr(settings, missing)

    assert list(found_in(settings)) == [found]


@pytest.mark.parametrize(
    ("installed", "is_safe"), [("2.12.9", False), ("1.99.0", False), ("2.13.0", True), ("3.0", True)]
)
def test_library_that_reads_tokens_must_be_new_enough(installed: str, is_safe: bool) -> None:
    assert [found.id for found in library_findings(installed)] == ([] if is_safe else ["omega.E044"])


def test_services_on_this_machine_need_no_encryption(environment: Environment) -> None:
    here = {"DATABASE_URL": "postgresql://o:p@127.0.0.1/omega", "DATABASE_TLS": "disable"}

    assert found_in(environment(**SAFE | here | {"REDIS_URL": "redis://localhost:6379/0"})) == {}
