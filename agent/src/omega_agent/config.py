"""The agent's one configuration file: TOML in, checked values out."""

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from omega_agent.errors import AgentError

SYSTEM_CONFIG = Path("/var/lib/omega-agent/agent.toml")


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between measurements; the server may stretch the first one."""

    vitals_seconds: float = 10.0
    processes_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Where unsent samples wait and how many may."""

    path: str = "spool.db"
    max_megabytes: float = 64.0
    max_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """How fast the spool drains: items per batch and the pause between batches."""

    batch_items: int = 500
    pause_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds of the retry rules; the defaults are the protocol's."""

    base_seconds: float = 1.0
    max_seconds: float = 60.0
    key_check_seconds: float = 60.0
    pending_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Config:
    """Everything `omega-agent run` needs; relative paths are relative to the configuration file."""

    path: Path
    server: str
    ingest_url: str
    node_id: str
    key_file: str = "agent.key"
    ca_file: str = ""
    log_level: str = "INFO"
    intervals: Intervals = field(default_factory=Intervals)
    spool: SpoolLimits = field(default_factory=SpoolLimits)
    delivery: Delivery = field(default_factory=Delivery)
    retry: Retry = field(default_factory=Retry)

    @property
    def key_path(self) -> Path:
        """The file that holds the key."""
        return self.path.parent / self.key_file

    @property
    def spool_path(self) -> Path:
        """The spool's SQLite file."""
        return self.path.parent / self.spool.path

    @property
    def remote_config_path(self) -> Path:
        """Where the portal's YAML for this node is kept."""
        return self.spool_path.parent / "node-config.yaml"


SECTIONS: dict[str, type[Any]] = {
    "intervals": Intervals,
    "spool": SpoolLimits,
    "delivery": Delivery,
    "retry": Retry,
}
RANGES: dict[str, tuple[float, float]] = {
    "vitals_seconds": (0.2, 300),
    "processes_seconds": (0.2, 3600),
    "max_megabytes": (0.25, 65536),
    "max_days": (0.0001, 7),
    "batch_items": (1, 10000),
    "pause_seconds": (0, 60),
    "base_seconds": (0.01, 60),
    "max_seconds": (0.01, 60),
    "key_check_seconds": (0.1, 3600),
    "pending_seconds": (0.1, 3600),
}


def default_config_path() -> Path:
    """$OMEGA_AGENT_CONFIG, else the system's file for root and its owner, else one under the user's home."""
    if named := os.environ.get("OMEGA_AGENT_CONFIG"):
        return Path(named)
    if os.geteuid() == 0 or os.access(SYSTEM_CONFIG.parent, os.W_OK):
        return SYSTEM_CONFIG
    return Path.home() / ".config" / "omega-agent" / "agent.toml"


def load_config(path: Path) -> Config:
    """Read and check the file; AgentError names the file and the setting that is wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AgentError(f"{path} cannot be read ({error.strerror}); run `omega-agent enroll` first.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AgentError(f"{path} is not valid TOML: {error}.") from None
    try:
        return parse_config(path, raw)
    except ValueError as error:
        raise AgentError(f"{path}: {error}.") from None


def parse_config(path: Path, raw: dict[str, Any]) -> Config:
    """Turn the file's tables into a Config; ValueError names the setting."""
    sections = {name: _section(kind, raw.pop(name, {}), f"{name}.") for name, kind in SECTIONS.items()}
    top = _section_values(Config, raw, "", skip={"path", *SECTIONS})
    for name in ("server", "ingest_url", "node_id"):
        if not top.get(name):
            raise ValueError(f"{name} is missing")
    for name in ("server", "ingest_url"):
        top[name] = checked_url(top[name], name)
    return Config(path=path, **top, **sections)


def checked_url(url: str, name: str) -> str:
    """The address without a trailing slash; ValueError unless http(s) with a host and no credentials."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError(f"{name} must be an http:// or https:// address, not {url!r}")
    return url.rstrip("/")


def _section(kind: type[Any], raw: object, prefix: str) -> Any:
    if not isinstance(raw, dict):
        raise ValueError(f"{prefix[:-1]} must be a table")
    return kind(**_section_values(kind, raw, prefix, skip=set()))


def _section_values(kind: type[Any], raw: dict[str, Any], prefix: str, skip: set[str]) -> dict[str, Any]:
    known = {item.name: item.type for item in fields(kind) if item.name not in skip}
    if unknown := sorted(set(raw) - set(known)):
        raise ValueError(f"unknown setting {prefix}{unknown[0]}")
    return {name: _checked(value, known[name], prefix + name) for name, value in raw.items()}


def _checked(value: Any, kind: object, name: str) -> Any:
    wanted = {str: str, float: (int, float), int: int}[kind]  # type: ignore[index]
    if isinstance(value, bool) or not isinstance(value, wanted):  # type: ignore[arg-type]
        raise ValueError(f"{name} must be a {'text' if kind is str else 'number'}, not {value!r}")
    low, high = RANGES.get(name.rpartition(".")[2], (None, None))
    if low is not None and high is not None and not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value}")
    return float(value) if kind is float else value
