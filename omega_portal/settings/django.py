"""Django's settings, all derived from one typed `Config`."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError

from omega_portal.settings.config import Config
from omega_portal.settings.databases import ALIASES, django_databases, role_passwords, role_url
from omega_portal.settings.field_keys import field_keys
from omega_portal.settings.logs import logging_config

BASE_DIR = Path(__file__).resolve().parents[2]

try:
    OMEGA = Config()  # type: ignore[call-arg]  # its values come from the environment
except ValidationError as error:
    problems = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
    raise ImproperlyConfigured(f"Omega Portal cannot start: {problems}") from None
if OMEGA.is_production and (unsafe := OMEGA.unsafe_values()):
    raise ImproperlyConfigured("Omega Portal refuses to start on unsafe values. " + "; ".join(unsafe))

try:
    DATABASES = django_databases(OMEGA)
except ValueError as error:
    raise ImproperlyConfigured(f"Omega Portal cannot start: {error}") from None
DATABASE_ROLE_URLS = {role: role_url(OMEGA, role) for role in ALIASES.values()} if OMEGA.database_url else {}
DATABASE_ROLE_PASSWORDS = role_passwords(OMEGA) if OMEGA.database_url else {}
DATABASE_ADMIN_URL = OMEGA.database_admin_url.get_secret_value() if OMEGA.database_admin_url else ""

DEBUG = False
SECRET_KEY = OMEGA.secret_key.get_secret_value()
try:
    FIELD_KEYS, FIELD_KEY_IN_USE = field_keys(OMEGA)
except ValueError as error:
    raise ImproperlyConfigured(f"Omega Portal cannot start: {error}") from None
ALLOWED_HOSTS = OMEGA.allowed_hosts
ROOT_URLCONF = "omega_portal.urls"
ASGI_APPLICATION = "omega_portal.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = OMEGA.time_zone
LANGUAGE_CODE = "en-gb"
USE_I18N = False
APPEND_SLASH = True

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.import_export",
    "import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "channels",
    "apps.core",
    "apps.audit",
    "apps.jobs",
    "apps.accounts",
    "apps.notifications",
    "apps.nodes",
    "apps.metrics",
    "apps.pools",
    "apps.sessions",
    "apps.alerts",
    "apps.reports",
    "apps.api",
    "apps.ingest",
    "apps.portal",
]

MIDDLEWARE = [
    "omega_portal.health.health_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.portal.middleware.guarded_middleware",
    "apps.portal.middleware.unavailable_middleware",
    "apps.accounts.middleware.arriving_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.web_session_middleware",
    "apps.accounts.middleware.acting_middleware",
    "apps.portal.middleware.time_zone_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.context.portal",
            ],
        },
    },
]

LOCAL_BACKEND = "apps.accounts.backends.EmailBackend"
OIDC_BACKEND = "apps.accounts.oidc.OidcBackend"
AUTHENTICATION_BACKENDS = [LOCAL_BACKEND, OIDC_BACKEND]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OIDC_RP_SCOPES = "openid email profile"
OIDC_AUTHENTICATION_CALLBACK_URL = "accounts:oidc-callback"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "overview"

# The library's own defaults let in too much; `check --deploy` knows each of these.
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_USE_NONCE = OIDC_USE_PKCE = OIDC_VERIFY_SSL = OIDC_VERIFY_KID = True
OIDC_PKCE_CODE_CHALLENGE_METHOD = "S256"
OIDC_ALLOW_UNSECURED_JWT = OIDC_STORE_ACCESS_TOKEN = OIDC_STORE_ID_TOKEN = ALLOW_LOGOUT_GET_METHOD = False
OIDC_TIMEOUT = 5

REDIS_URL = OMEGA.redis_url.get_secret_value()
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "omega",
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 1,
        },
    }
}
CELERY_BROKER_URL = REDIS_URL
SESSION_ENGINE = "apps.accounts.web_sessions"
SESSION_COOKIE_AGE = OMEGA.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.portal.views.errors.csrf_failed"
CSRF_TRUSTED_ORIGINS = [OMEGA.public_url]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

IS_HTTPS = OMEGA.public_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-omega-session" if IS_HTTPS else "omega-session"
CSRF_COOKIE_NAME = "__Host-omega-csrf" if IS_HTTPS else "omega-csrf"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS and OMEGA.hsts_whole_domain
# A program that calls without encryption is told so, once it has shown its key to everybody on the way.
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if OMEGA.trusted_proxies else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 1

OIDC_PLACE = urlsplit(OMEGA.oidc_issuer or "")
OIDC_ORIGIN = [f"{OIDC_PLACE.scheme}://{OIDC_PLACE.netloc}"] if OMEGA.oidc_issuer else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        # Forms that lead on to the identity provider: browsers hold its address against them too.
        "form-action": [SELF, *OIDC_ORIGIN],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report/",
        "report-to": "csp",
    }
}

STATIC_URL = "/static/"
# Collected for production only; in development the finders serve what lies in the tree.
STATIC_ROOT = BASE_DIR / ".local" / "static" if OMEGA.is_production else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "apps.portal.static_files.HashedModules"}
    if OMEGA.is_production
    else {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not OMEGA.is_production

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.ActionPermission"],
    "DEFAULT_RENDERER_CLASSES": ["apps.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.errors.exception_handler",
    "NUM_PROXIES": OMEGA.trusted_proxies,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Omega Portal API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

LOGGING = logging_config(OMEGA.log_level)
# auth.W004: e-mail is unique, by an index on its upper case (what iexact asks).
# security.W005 and W021: other hosts of the domain are the operator's to bind, by HSTS_WHOLE_DOMAIN.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W005", "security.W021"]
UNFOLD = {
    "SITE_TITLE": "Omega data correction",
    "SITE_HEADER": "Omega data correction",
    "SITE_URL": "/",
    "SITE_SYMBOL": "build",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}img/mark.svg"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
}
