"""The example of an environment names every variable, with a sentence and the value that holds without it."""

import re
from pathlib import Path

import pytest

from omega_portal.settings.config import Config

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf8")
NAMED = re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)


def test_every_variable_is_named_once_and_nothing_else() -> None:
    assert sorted(name for name, _ in NAMED) == sorted(name.upper() for name in Config.model_fields)


def test_every_variable_has_a_sentence_before_it() -> None:
    blocks = re.split(r"\n\n", EXAMPLE.strip())[1:]

    assert len(blocks) == len(NAMED)
    for block in blocks:
        *sentence, assignment = block.split("\n")
        assert sentence, assignment
        assert all(line.startswith("# ") for line in sentence), block
        assert sentence[-1].endswith("."), block


def test_example_shows_what_holds_when_a_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, _ in NAMED:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    bare = Config(secret_key="x")
    shown = {name.lower(): value for name, value in NAMED if value and name != "DATABASE_URL"}
    for name, value in shown.items():
        monkeypatch.setenv(name.upper(), value)
    as_shown = Config(secret_key="x")

    assert as_shown == bare
    defaults = {name for name, field in Config.model_fields.items() if bare.model_dump()[name] is not None}
    assert defaults == {*shown, "secret_key"}
