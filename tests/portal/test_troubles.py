"""Banners are looked up now and then, and every page begins with the last that was seen."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.portal.troubles import LOOK_LASTS, Lookout, lookout
from tests import make


@pytest.mark.django_db
def test_what_was_seen_is_known_for_a_moment(now: datetime) -> None:
    keeper, end = Lookout(), now + LOOK_LASTS
    unseen = keeper.known(now)
    make.pulse(now)
    seen = keeper.look(now)

    assert "ingest" not in {trouble.code for trouble in seen}
    assert "background" in {trouble.code for trouble in seen}
    assert (unseen, keeper.known(now), keeper.known(end - timedelta(seconds=1))) == ([], seen, seen)
    assert keeper.known(end) == []


@pytest.mark.django_db
def test_a_page_begins_with_the_banners_that_were_seen_last(
    client_as: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_seen", None)
    client = client_as("READONLY")
    before = client.get("/nodes/").content.decode()
    client.get("/health/banner/")
    after = client.get("/nodes/").content.decode()

    assert ("No ingest process answers." in before, "No ingest process answers." in after) == (False, True)
