"""The sink killed, and frozen, between each pair of its steps: real processes, a real Postgres."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from tests.database import Database
from tests.forking import CRASHED, ForkingProcess
from tests.stream.sink_jobs import crash_at, freeze_at
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, Item, bar, quote, trade
from tests.stream.tables import empty, fingerprint, tables

from marketpulse.errors import FencedError
from marketpulse.settings import STREAM
from marketpulse.store.postgres import connect
from marketpulse.stream.fence import take_over
from marketpulse.stream.record import Records
from marketpulse.stream.sink import SinkPlan
from marketpulse.warehouse.proof import prove

LATER = RECEIVED + timedelta(seconds=9)
# What a batch with everything in it runs through, the session's preparation included.
FEWEST_STEPS = 20


@pytest.fixture(scope="module")
def process() -> Iterator[ForkingProcess]:
    process = ForkingProcess("tests.stream.sink_jobs")
    yield process
    process.close()


def known(number: int) -> list[Item]:
    """What landed before: four trades, the minute after next that closes their bars, a quote and a provider's bar."""
    symbol = f"S{number}"
    return [
        *(trade(n, symbol=symbol, at=OPEN + timedelta(seconds=n), producer_seq=n) for n in range(1, 5)),
        trade(5, symbol=symbol, at=OPEN + timedelta(minutes=3), producer_seq=5),
        bar(symbol=symbol),
        quote(symbol=symbol),
    ]


def everything(number: int) -> list[Item]:
    """All that a batch may hold: it restates a bar, deletes one, supersedes, shelves and refuses."""
    symbol, second = f"S{number}", timedelta(seconds=1)
    return [
        trade(1, symbol=symbol, at=OPEN + second, price="11", action="correct", received_at=LATER, producer_seq=6),
        trade(2, symbol=symbol, at=OPEN + 2 * second, action="cancel", received_at=LATER, producer_seq=7),
        trade(3, symbol=symbol, at=OPEN + 3 * second, price="7", received_at=RECEIVED - second, producer_seq=8),
        trade(4, symbol=symbol, at=OPEN + 4 * second, received_at=LATER, producer_seq=9),
        trade(5, symbol=symbol, at=OPEN + timedelta(minutes=3), action="cancel", producer_seq=10),
        trade(6, symbol=symbol, at=OPEN + 6 * second, price="13", producer_seq=11),
        trade(7, symbol=symbol, at=OPEN + timedelta(minutes=4), action="cancel", producer_seq=12),
        b"junk",
        bar(symbol=symbol, close="10.7", received_at=LATER),
        quote(symbol=symbol, at=OPEN + timedelta(seconds=9)),
    ]


def plan(feeder: Feeder, epoch: int) -> SinkPlan:
    return SinkPlan(STREAM, epoch, feeder.writer_dsn, "host", 60.0)


def test_killed_between_any_two_steps_it_lands_everything_once(
    process: ForkingProcess, feeder: Feeder, database: Database
) -> None:
    feeder.land(*known(0))
    feeder.land(*everything(0))
    feeder.land(trade(8, symbol="S0", producer_seq=13))
    undisturbed = tables(feeder)
    empty(feeder)

    feeder.land(*known(0))
    before = fingerprint(feeder)
    records = feeder.records(*everything(0))
    for step in count(1):
        status = process.begin(crash_at, step, plan(feeder, 1), records, feeder.clock)
        after = fingerprint(feeder)
        if after != before:
            break
        assert status == CRASHED, f"step {step}"
    # Committed, and killed before anybody heard of it: the driver starts anew and gives the same records again.
    assert (status, step > FEWEST_STEPS) == (CRASHED, True)
    assert process.begin(crash_at, step + 9, plan(feeder, 1), records, feeder.clock) == 0
    assert fingerprint(feeder) == after
    feeder.land(trade(8, symbol="S0", producer_seq=13))
    assert tables(feeder) == undisturbed
    balanced = {one.name: one.balanced for one in prove(database.operations_dsn, date_from=DAY, settle_s=0).equations}
    assert [name for name, holds in balanced.items() if not holds] == []


def test_frozen_at_any_step_it_changes_nothing_when_it_wakes(
    process: ForkingProcess, feeder: Feeder, database: Database
) -> None:
    """Another driver takes over and lands the same records meanwhile. A Spark task is no other process than this."""
    landed_by_the_frozen = 0
    for step in count(1):
        feeder.land(*known(step))
        records = feeder.records(*everything(step))
        status = process.begin(freeze_at, step, plan(feeder, feeder.epoch), records, feeder.clock)
        if status is not None:
            break
        landed_by_the_frozen += _took_over(feeder, database, records)
        standing = fingerprint(feeder)
        woken = process.wake()
        assert fingerprint(feeder) == standing, f"step {step}"
        assert woken == (0 if landed_by_the_frozen else FencedError.exit_status), f"step {step}"
    # Only behind its commit nothing was left to the successor.
    assert (status, landed_by_the_frozen, step > FEWEST_STEPS) == (0, 1, True)
    balanced = {one.name: one.balanced for one in prove(database.operations_dsn, date_from=DAY, settle_s=0).equations}
    assert [name for name, holds in balanced.items() if not holds and not name.startswith("sequences")] == []


def _took_over(feeder: Feeder, database: Database, records: Records) -> bool:
    """A new driver lands the records; returns whether it had nothing to do."""
    with connect(database.writer_dsn, application_name="successor", autocommit=True) as connection:
        feeder.epoch = take_over(connection, STREAM)
    feeder.close()
    feeder.sinks.clear()
    return feeder.sink().land(records).batch_id is None


def test_frozen_without_a_successor_it_goes_on_as_if_nothing_had_been(process: ForkingProcess, feeder: Feeder) -> None:
    feeder.land(*known(0))
    records = feeder.records(*everything(0))
    assert process.begin(freeze_at, 12, plan(feeder, 1), records, feeder.clock) is None
    assert process.wake() == 0
    assert feeder.rows("SELECT count(*), sum(records) FROM ops.stream_batch") == [(2, 17)]
