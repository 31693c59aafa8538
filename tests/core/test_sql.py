"""SQL kept as SQL is found beside the code that runs it."""

from pathlib import Path

import pytest

from apps.core import sql
from tests import make


@pytest.fixture
def module(tmp_path: Path) -> str:
    """A module in a package with a folder of statements."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "greet.sql").write_text("SELECT %(name)s::text AS name, 1 AS one", encoding="utf8")
    (tmp_path / "sql" / "rename.sql").write_text(
        "UPDATE tenants SET name = %(name)s WHERE slug LIKE 'tenant-%%'", encoding="utf8"
    )
    return str(tmp_path / "module.py")


def test_statement_is_found_from_the_module_and_from_a_folder_below_it(module: str) -> None:
    deeper = str(Path(module).parent / "services" / "module.py")

    assert sql.sql_text(module, "greet.sql") == sql.sql_text(deeper, "greet.sql") != ""


def test_missing_statement_is_named(module: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.sql"):
        sql.sql_text(module, "absent.sql")


@pytest.mark.django_db
def test_rows_come_as_dictionaries_and_values_are_never_spliced_in(module: str) -> None:
    hostile = "'; DROP TABLE nodes; --"

    assert sql.fetch_all(module, "greet.sql", {"name": hostile}) == [{"name": hostile, "one": 1}]


@pytest.mark.django_db
def test_statement_without_rows_tells_how_many_it_touched(module: str) -> None:
    make.tenant()
    make.tenant()

    assert sql.execute(module, "rename.sql", {"name": "Renamed"}) == 2
