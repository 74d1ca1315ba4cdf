"""Backups of a real server, restored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.warehouse import backup as module
from marketpulse.warehouse.backup import backup

NOW = datetime(2025, 7, 3, 5, 30, tzinfo=UTC)


@pytest.fixture
def history(database: Database) -> Iterator[Database]:
    """A recorded day, and an owner who may create the scratch database."""
    load(database.owner_dsn, read_case(Path(__file__).parent / "proof" / "balanced"))
    _allow(database, "CREATEDB")
    yield database
    _allow(database, "CREATEDB")


def _allow(database: Database, right: str) -> None:
    with psycopg.connect(database.superuser_dsn, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE marketpulse_owner {right}")


def test_a_backup_is_restored_and_counted(history: Database, tmp_path: Path) -> None:
    kept = backup(history.owner_dsn, tmp_path / "backups", now=NOW)
    assert kept.was_restored
    assert kept.rows >= 15
    assert kept.tables > 20
    assert kept.path.name == "marketpulse-20250703T053000Z.dump"
    assert kept.path.stat().st_mode & 0o077 == 0
    with psycopg.connect(history.superuser_dsn) as connection:
        row = connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'marketpulse_restore_check'")
        assert row.fetchone() == (0,)


def test_only_the_newest_are_kept(history: Database, tmp_path: Path) -> None:
    _allow(history, "NOCREATEDB")
    paths = [backup(history.owner_dsn, tmp_path, now=NOW + timedelta(days=day), keep=2).path for day in range(3)]
    assert sorted(tmp_path.iterdir()) == paths[1:]


def test_without_the_right_to_restore_the_list_is_read(history: Database, tmp_path: Path) -> None:
    _allow(history, "NOCREATEDB")
    assert not backup(history.owner_dsn, tmp_path, now=NOW).was_restored


def test_a_restore_that_differs_fails_and_leaves_the_last_good_one(
    history: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = backup(history.owner_dsn, tmp_path, now=NOW).path
    count = module._counts

    def lossy(connection: psycopg.Connection) -> module.Counts:
        found = count(connection)
        if connection.info.dbname == module.SCRATCH:
            found["market", "event"] -= 1
        return found

    monkeypatch.setattr(module, "_counts", lossy)
    with pytest.raises(OperatorError, match=r"differs in market\.event"):
        backup(history.owner_dsn, tmp_path, now=NOW + timedelta(days=1))
    assert list(tmp_path.iterdir()) == [good]


def test_a_folder_that_cannot_be_written_is_named(history: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="not writable"):
        backup(history.owner_dsn, tmp_path / "file" / "backups", now=NOW)


def test_a_silent_server_is_an_outage(history: Database, tmp_path: Path) -> None:
    with pytest.raises(RetriableError, match="does not answer"):
        backup(history.owner_dsn.replace(f":{history.server.port}/", ":1/"), tmp_path, now=NOW)
    assert list(tmp_path.iterdir()) == []
