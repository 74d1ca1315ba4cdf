"""The embedded PostgreSQL: it runs under any account, from any place, and its data outlives a crash."""

from pathlib import Path

import psycopg
import pytest
from tests.database import Database

from marketpulse.local.account import Account, can_reach, service_account
from marketpulse.local.postgres import discard_outside, place

STRANGER = Account("stranger", 54321, 54321)


def test_an_ordinary_user_runs_the_servers_himself() -> None:
    assert service_account(effective_uid=1000) is None


def test_root_lends_an_account_that_is_not_root() -> None:
    account = service_account(effective_uid=0)
    assert account is not None
    assert account.uid != 0


def test_a_folder_below_a_closed_one_is_out_of_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "open").mkdir(parents=True)
    closed.chmod(0o700)
    assert not can_reach(closed / "open", STRANGER)
    assert not can_reach(closed / "not" / "yet" / "there", STRANGER)
    assert can_reach(closed / "open", None)
    assert can_reach(Path("/usr"), STRANGER)


def test_data_out_of_reach_lives_outside_and_goes_with_its_state(tmp_path: Path, packaged: Path) -> None:
    state, shared = tmp_path / "closed" / "state", tmp_path / "shared"
    state.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    me = Account("me", tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    kept = place("postgres", state=state, stack_id="a1", install=packaged, shared_root=shared, account=me)
    assert kept.data_dir == state / "postgres"

    (tmp_path / "closed").chmod(0o000)
    try:
        reachable = can_reach(state, me)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert not reachable

    (shared / "old").mkdir(parents=True)
    (shared / "old" / "state_path").write_text(str(state))
    (shared / "other").mkdir()
    (shared / "other" / "state_path").write_text("/somebody/else")
    discard_outside(state, keep="a1", shared_root=shared)
    assert sorted(folder.name for folder in shared.iterdir()) == ["other"]


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    install = tmp_path / "install"
    (install / "bin").mkdir(parents=True)
    (install / "bin" / "postgres").touch()
    return install


def test_every_role_logs_in_and_sees_utc(database: Database) -> None:
    for dsn in (database.owner_dsn, database.writer_dsn, database.operations_dsn, database.reader_dsn):
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SHOW timezone").fetchone()
            assert row == ("UTC",)


def test_the_database_fixture_starts_empty(database: Database) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ops.poll").fetchone() == (0,)
