"""Every variable of an installation, typed, in one object.

A value comes from the environment as `NAME`, or from the file that `NAME_FILE` names (for secrets).
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

Environment = Literal["development", "production", "test"]
Process = Literal["web", "ingest", "worker", "beat", "manage"]
Names = Annotated[list[str], NoDecode]


class SecretFileSource(PydanticBaseSettingsSource):
    """Reads `NAME` from the file named by `NAME_FILE`, without its trailing newline."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return (value or None, key, is_complex) for one field."""
        path = os.environ.get(f"{field_name.upper()}_FILE")
        value = Path(path).read_text(encoding="utf8").rstrip("\r\n") if path else None
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the values of all fields that have a file."""
        found = {name: self.get_field_value(info, name)[0] for name, info in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Config(BaseSettings):
    """The settings of one process; see `.env.example` for a sentence on each."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    omega_env: Environment = "development"
    omega_process: Process = "manage"
    secret_key: SecretStr
    database_url: SecretStr | None = None
    database_admin_url: SecretStr | None = None
    database_portal_url: SecretStr | None = None
    database_worker_url: SecretStr | None = None
    database_collector_url: SecretStr | None = None
    database_tls: Literal["disable", "prefer", "require", "verify-full"] = "prefer"
    database_pool_size: int = Field(default=10, ge=1, le=200)
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    public_url: str = "http://127.0.0.1:8000"
    ingest_public_url: str = "http://127.0.0.1:8001"
    allowed_hosts: Names = Field(default_factory=lambda: ["127.0.0.1", "localhost", "[::1]"])
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    hsts_whole_domain: bool = False
    time_zone: str = "UTC"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # An hour is computed again from raw samples, which may come up to seven days late.
    raw_retention_days: int = Field(default=365, ge=8)
    sample_retention_days: int = Field(default=90, ge=1)
    process_retention_days: int = Field(default=30, ge=1)
    heartbeat_retention_days: int = Field(default=30, ge=1)
    most_series_per_node: int = Field(default=5000, ge=1, le=100_000)
    field_keys: SecretStr | None = None
    session_hours: int = Field(default=10, ge=1, le=24)
    session_idle_minutes: int = Field(default=30, ge=5, le=600)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_roles_claim: str = "portal_roles"
    oidc_tenant: str = "default"
    token_vouch_days: int = Field(default=7, ge=1, le=365)
    break_glass: bool = False
    audit_anchor_file: str | None = None

    @field_validator("oidc_issuer", mode="after")
    @classmethod
    def without_last_slash(cls, value: str | None) -> str | None:
        """Spell the issuer as its tokens do."""
        return value.rstrip("/") if value else None

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def split_names(cls, value: object) -> object:
        """Accept a comma-separated list."""
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over `NAME_FILE`; nothing else is read."""
        return (init_settings, env_settings, SecretFileSource(settings_cls))

    @property
    def has_identity_provider(self) -> bool:
        """Whether people sign in through OpenID Connect."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def is_production(self) -> bool:
        """Whether unsafe values must stop the process."""
        return self.omega_env == "production"

    def unsafe_values(self) -> list[str]:
        """Name every variable whose value would be unsafe in production, with what to do."""
        found = []
        if len(self.secret_key.get_secret_value()) < 50:
            found.append("SECRET_KEY: needs at least 50 random characters")
        if not self.public_url.startswith("https://"):
            found.append("PUBLIC_URL: must begin with https://")
        if not self.ingest_public_url.startswith("https://"):
            found.append("INGEST_PUBLIC_URL: must begin with https://")
        if "*" in self.allowed_hosts:
            found.append("ALLOWED_HOSTS: name the hosts, '*' lets any Host header through")
        if any(self._is_open(url) for url in self._database_urls()):
            found.append("DATABASE_TLS: must be verify-full when the database is on another machine")
        redis = self.redis_url.get_secret_value()
        if not redis.startswith("rediss://") and not self._on_loopback(redis):
            found.append("REDIS_URL: must begin with rediss:// when Redis is on another machine")
        return found

    def _database_urls(self) -> list[str]:
        """Return every URL that a process of this installation may connect with."""
        roles = (self.database_portal_url, self.database_worker_url, self.database_collector_url)
        return [url.get_secret_value() for url in (self.database_url, self.database_admin_url, *roles) if url]

    def _is_open(self, url: str) -> bool:
        """Tell whether a connection would leave this machine unverified; a URL's sslmode goes before DATABASE_TLS."""
        mode = dict(parse_qsl(urlsplit(url).query)).get("sslmode", self.database_tls)
        return mode != "verify-full" and not self._on_loopback(url)

    @staticmethod
    def _on_loopback(url: str) -> bool:
        """Tell whether a service URL points at this machine: a loopback address, `localhost`, or a socket's folder."""
        host = unquote(urlsplit(url).hostname or "")
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.startswith("/")
