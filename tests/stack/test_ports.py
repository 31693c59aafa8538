"""Ports are free when chosen and stay the same across restarts."""

import socket

from omega_portal.stack.places import Place
from omega_portal.stack.ports import choose_port, is_free, remembered_port


def test_port_is_remembered(place: Place) -> None:
    first = choose_port(place, "web")

    assert is_free(first)
    assert choose_port(place, "web") == first
    assert remembered_port(place, "web") == first


def test_taken_port_is_replaced_and_the_new_one_remembered(place: Place) -> None:
    first = choose_port(place, "web")
    with socket.create_server(("127.0.0.1", first)):
        second = choose_port(place, "web")

    assert second != first
    assert choose_port(place, "web") == second


def test_preferred_port_is_used_when_free(place: Place) -> None:
    wanted = choose_port(place, "probe")

    assert choose_port(Place(place.root / "other", place.data, place.programs, None), "web", wanted) == wanted


def test_preferred_port_of_another_process_is_not_given_twice(place: Place) -> None:
    web = choose_port(place, "web")

    assert choose_port(place, "ingest", preferred=web) != web
