"""The mart's views against their files: renewed when one changed, all or nothing, and never silently different."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import OperatorError
from marketpulse.warehouse import migrations
from marketpulse.warehouse.mart_views import changed_views, make_views, view_files


@pytest.fixture
def owner(postgres: Database) -> Iterator[psycopg.Connection]:
    """The owner in a database of its own that has a schema mart and nothing in it."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("DROP DATABASE IF EXISTS views WITH (FORCE)")
        superuser.execute("CREATE DATABASE views OWNER marketpulse_owner")
        with psycopg.connect(f"{postgres.owner_dsn.rpartition('/')[0]}/views", autocommit=True) as connection:
            connection.execute("CREATE SCHEMA mart")
            connection.execute("CREATE TABLE public.first AS SELECT 1 AS number")
            connection.execute("CREATE TABLE public.second AS SELECT '2'::text AS number")
            yield connection
        superuser.execute("DROP DATABASE views WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # Read in the order of their names they would fail: the first one reads the second.
    (tmp_path / "fact_a.sql").write_text(
        "-- Also read by mart.fact_b, says a comment.\n" + _view("fact_a", "mart.fact_b")
    )
    (tmp_path / "fact_b.sql").write_text(_view("fact_b", "public.first"))
    return tmp_path


def _view(name: str, source: str) -> str:
    return f"CREATE VIEW mart.{name} AS TABLE {source};\nCOMMENT ON VIEW mart.{name} IS 'One.';\n"


def test_views_are_made_in_the_order_in_which_they_read_each_other(owner: psycopg.Connection, folder: Path) -> None:
    assert [file.name for file in view_files(folder)] == ["fact_b", "fact_a"]
    assert make_views(owner, folder) == ("fact_a", "fact_b")
    assert make_views(owner, folder) == ()
    assert owner.execute("SELECT number FROM mart.fact_a").fetchall() == [(1,)]


def test_a_changed_file_renews_every_view(owner: psycopg.Connection, folder: Path) -> None:
    make_views(owner, folder)
    (folder / "fact_b.sql").write_text(_view("fact_b", "public.second"))
    assert changed_views(owner, folder) == ("fact_b",)
    assert make_views(owner, folder) == ("fact_b",)
    assert owner.execute("SELECT number FROM mart.fact_a").fetchall() == [("2",)]


@pytest.mark.parametrize(
    ("by_hand", "changed"),
    [
        ("DROP VIEW mart.fact_a", ("fact_a",)),
        ("CREATE OR REPLACE VIEW mart.fact_a AS SELECT 7 AS number", ("fact_a",)),
        ("CREATE VIEW mart.fact_c AS SELECT 7 AS number", ("fact_c",)),
    ],
)
def test_what_was_done_by_hand_is_seen_and_undone(
    owner: psycopg.Connection, folder: Path, by_hand: str, changed: tuple[str, ...]
) -> None:
    make_views(owner, folder)
    owner.execute(by_hand.encode())
    assert changed_views(owner, folder) == changed
    assert make_views(owner, folder) == changed
    names = owner.execute("SELECT viewname FROM pg_views WHERE schemaname = 'mart' ORDER BY 1").fetchall()
    assert names == [("fact_a",), ("fact_b",)]
    assert changed_views(owner, folder) == ()


def test_a_view_without_a_file_goes(owner: psycopg.Connection, folder: Path) -> None:
    make_views(owner, folder)
    (folder / "fact_a.sql").unlink()
    assert make_views(owner, folder) == ("fact_a",)
    assert owner.execute("SELECT to_regclass('mart.fact_a')").fetchone() == (None,)


def test_a_file_that_fails_leaves_the_old_views(owner: psycopg.Connection, folder: Path) -> None:
    make_views(owner, folder)
    (folder / "fact_b.sql").write_text(_view("fact_b", "mart.nothing"))
    with pytest.raises(OperatorError, match=r"mart/fact_b\.sql failed and left nothing: relation"):
        make_views(owner, folder)
    assert owner.execute("SELECT number FROM mart.fact_a").fetchall() == [(1,)]


def test_views_that_read_each_other_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(_view("a", "mart.b"))
    (tmp_path / "b.sql").write_text(_view("b", "mart.a"))
    with pytest.raises(OperatorError, match="read each other: "):
        view_files(tmp_path)


def test_verify_names_a_view_that_differs(postgres: Database) -> None:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        connection.execute("DROP VIEW mart.fact_quality")
        with pytest.raises(OperatorError, match=r"views differ from their files: mart\.fact_quality; run"):
            migrations.verify(postgres.operations_dsn)
        assert migrations.apply(postgres.owner_dsn) == ("mart.fact_quality",)
    migrations.verify(postgres.operations_dsn)
