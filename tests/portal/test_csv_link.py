"""The way from a chart to its samples, and to correcting them."""

import html
import re
from collections.abc import Callable

from django.test import Client

from tests import make
from tests.portal.measured import named
from tests.portal.pages import text

LINK = re.compile(r'<a class="btn" href="([^"]+)" data-testid="([\w-]+)"([^>]*)>')


def links(page: str) -> dict[str, tuple[str, str]]:
    """Return the addresses of the buttons of a page, and what else their tags say, by test id."""
    return {name: (html.unescape(address), more) for address, name, more in LINK.findall(page)}


def test_file_of_a_chart_holds_the_series_that_is_charted(client_as: Callable[[str], Client]) -> None:
    node = make.node()
    row, other = (named(node, "jobs", [value], queue=queue) for queue, value in (("mail", 1.5), ("news", 2.5)))
    client = client_as("ANALYST")

    address, more = links(text(client.get(f"/nodes/{node.pk}/metrics/?series={row.pk}&range=1h")))["csv"]
    lines = b"".join(client.get(address).streaming_content).decode()  # type: ignore[attr-defined]

    assert f"series={row.pk}" in address and "download" not in more
    assert "1.5" in lines and "2.5" not in lines and other.pk != row.pk


def test_series_is_corrected_from_its_own_page_by_whoever_may(client_as: Callable[[str], Client]) -> None:
    node = make.node()
    row = named(node, "jobs", [1.0])
    page = f"/nodes/{node.pk}/metrics/?series={row.pk}"

    assert "correct-series" not in text(client_as("ANALYST").get(page))
    admin = client_as("ADMIN")
    address, _ = links(text(admin.get(page)))["correct-series"]
    assert f'<option value="{row.pk}" selected>' in text(admin.get(address))
