"""A simulated day is never mixed with the real one in a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.database import Database
from tests.local.stored_stack import blueprint
from tests.warehouse.rows import load

from marketpulse.demo.day import Day
from marketpulse.demo.play import Demo, Play, choose
from marketpulse.demo.watch import DayWatch
from marketpulse.errors import OperatorError
from marketpulse.local.postgres import discard_outside
from marketpulse.local.progress import Silent
from marketpulse.settings import PRODUCER_LEASE, load_settings
from marketpulse.store.lease import acquire, release
from marketpulse.store.postgres import connect


@pytest.fixture
def watch(database: Database) -> Iterator[DayWatch]:
    play = choose(Demo())
    settings = load_settings(operations_dsn=database.operations_dsn)
    with DayWatch(settings, play.session.trading_date, play.feed) as watching:
        yield watching


def trade(play: Play, **fields: object) -> dict[str, object]:
    opened = play.session.open_at.isoformat()
    return {
        "trading_date": play.session.trading_date.isoformat(),
        "symbol": "AAPL",
        "price": 10,
        "event_at": opened,
        "synthetic": False,
        **fields,
    }


@pytest.mark.parametrize("feed", ["sip", "delayed_sip"])
def test_a_day_of_the_real_market_is_not_played(database: Database, watch: DayWatch, tmp_path: Path, feed: str) -> None:
    play = choose(Demo())
    load(database.owner_dsn, {"market.event": [trade(play, feed=feed)]})
    try:
        day = Day(play, blueprint(tmp_path), watch, Silent())
        with pytest.raises(OperatorError, match=r"trades of the real market for .*: play another --date"):
            day.prepare()
        assert not day.began
    finally:
        discard_outside(tmp_path, keep=None)


def test_a_producer_is_at_work_until_its_lease_is_free(database: Database, watch: DayWatch) -> None:
    assert watch.producing() is None
    with connect(database.operations_dsn, application_name="test") as connection:
        lease = acquire(connection, PRODUCER_LEASE, "elsewhere:17:p-live", 60)
        assert watch.producing() == "elsewhere:17:p-live"
        release(connection, lease)
    assert watch.producing() is None


@pytest.mark.parametrize("fields", [{"synthetic": True}, {"feed": "iex"}])
def test_simulated_events_and_other_feeds_do_not_stand_in_the_way(
    database: Database, watch: DayWatch, fields: dict[str, object]
) -> None:
    load(database.owner_dsn, {"market.event": [trade(choose(Demo()), **fields)]})
    assert not watch.has_real_events()
