"""Containers are the second choice: used only when an engine answers."""

from pathlib import Path

from omega_portal.stack.container import container_database, engine
from omega_portal.stack.places import Place


def stand_in(folder: Path, name: str, script: str) -> Path:
    """Put a container engine that behaves like `script` on PATH."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_engine_that_does_not_answer_is_passed_over(tools: Path, place: Place) -> None:
    stand_in(tools, "docker", "exit 1")
    stand_in(tools, "podman", "exit 1")

    assert engine() is None
    assert container_database(place, 25432) is None


def test_second_engine_is_taken_when_the_first_is_down(tools: Path) -> None:
    stand_in(tools, "docker", "exit 1")
    podman = stand_in(tools, "podman", "exit 0")

    assert engine() == str(podman)
