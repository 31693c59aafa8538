"""Writes the configuration file and its key, privately and atomically, and reads the key back."""

import json
from dataclasses import asdict
from typing import TypeGuard

from omega_agent.config import SECTIONS, Config
from omega_agent.errors import AgentError
from omega_agent.files import write_private

HEADER = "# Written by `omega-agent enroll`; edit freely, then send SIGHUP or restart the agent.\n"


def render_config(config: Config) -> str:
    """The configuration as TOML text that `load_config` reads back to the same values."""
    values = asdict(config)
    values.pop("path")
    sections = {name: values.pop(name) for name in SECTIONS}
    lines = [HEADER, *_assignments(values)]
    for name, table in sections.items():
        lines += [f"\n[{name}]\n", *_assignments(table)]
    return "".join(lines)


def write_config(config: Config, key: str) -> None:
    """Write the key, then the configuration that points to it; AgentError names the file that failed."""
    write_key(config, key)
    try:
        write_private(config.path, render_config(config))
    except OSError as error:
        raise AgentError(f"{config.path} cannot be written ({error.strerror}).") from None


def write_key(config: Config, key: str) -> None:
    """Replace the key file in one step, on disk before this returns."""
    try:
        write_private(config.key_path, key + "\n")
    except OSError as error:
        raise AgentError(f"{config.key_path} cannot be written ({error.strerror}).") from None


def is_key(text: object) -> TypeGuard[str]:
    """True for text that can stand in a header as it is; anything else would end up in an error message."""
    return isinstance(text, str) and text.isascii() and text.isprintable() and bool(text) and " " not in text


def read_key(config: Config) -> str:
    """The node's key; AgentError when the file is absent, unreadable or empty."""
    try:
        key = config.key_path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise AgentError(f"{config.key_path} cannot be read ({reason}); enrol this machine again.") from None
    if not is_key(key):
        raise AgentError(f"{config.key_path} holds no key; enrol this machine again.")
    return key


def _assignments(values: dict[str, object]) -> list[str]:
    # A JSON string or number is also a TOML basic string or number.
    return [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
