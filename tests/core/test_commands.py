"""Commands that scripts rely on: they print what was asked for and nothing else."""

from io import StringIO
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.core.keys import parse
from apps.nodes.models import EnrollmentToken


def said(*command: str) -> str:
    """Return what a command prints."""
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize(("short", "role"), [("portal", "omega_portal"), ("worker", "omega_worker")])
def test_url_of_a_role_lets_it_in(django_db_setup: None, short: str, role: str) -> None:
    url = said("database_url", short).strip()
    name = connections["owner"].settings_dict["NAME"]

    assert url == said("database_url", role).strip()
    assert urlsplit(url).username == role
    with psycopg.connect(url, dbname=name) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row == (role,)


def test_url_of_an_unknown_role_is_not_invented() -> None:
    with pytest.raises(CommandError):
        said("database_url", "postgres")


@pytest.mark.django_db
def test_token_stands_alone_on_its_line() -> None:
    printed = said("issue_enrollment_token", "--auto-approve", "--uses", "3", "--hours", "0.5", "--tag", "lab")

    row = EnrollmentToken.objects.get()
    parsed = parse(printed.removesuffix("\n"), "ome")
    assert parsed is not None
    assert parsed.digest == bytes(row.digest)
    assert (row.uses_left, row.auto_approve, row.default_tags) == (3, True, ["lab"])
    assert 1790 < (row.expires_at - row.created_at).total_seconds() < 1801


@pytest.mark.django_db(databases=["default", "owner"])
def test_roles_can_be_ensured_again_and_again() -> None:
    assert said("ensure_roles") == said("ensure_roles") == "The database roles are as the settings say.\n"
