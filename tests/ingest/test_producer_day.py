"""A whole simulated day through the producer: complete, counted, with everything that appeared behind the cursor."""

from collections import Counter
from datetime import UTC, date, datetime

import psycopg
import pytest
from tests.ingest.producer_rig import ProducerRig
from tests.simulator.simulator_client import AFTER_DAY, DAY, DAY_END, DAY_START, SYMBOLS

from marketpulse.events.event import AnyEvent, Trade
from marketpulse.warehouse.sweeps import unswept_sessions

pytestmark = pytest.mark.integration

PAUSED_AT = f"{DAY}T15:00:00Z"
# What is older than this is not read again by the next poll's overlap.
BEHIND = f"{DAY}T14:44:00Z"
RANK = {"new": 0, "correct": 1, "cancel": 2}


def shown_trades(rig: ProducerRig, end: str = DAY_END) -> Counter[tuple[str, str, str]]:
    """The trades that the provider shows right now, as (symbol, id, what became of it); malformed ones left out."""
    records = rig.simulator.records(symbols=",".join(SYMBOLS), feed="sip", start=DAY_START, end=end, limit=10000)
    return Counter(
        (symbol, str(record["i"]), "cancel" if record.get("u") in ("canceled", "incorrect") else "new")
        for symbol, trades in records.items()
        for record in trades
        if record["p"] is not None
    )


def published_trades(events: list[tuple[int, AnyEvent]]) -> dict[tuple[str, str], str]:
    """The current version of every published trade."""
    current: dict[tuple[str, str], str] = {}
    for _, event in events:
        if isinstance(event, Trade):
            key = (event.symbol, event.trade_id or "")
            current[key] = max(current.get(key, "new"), event.action, key=lambda action: RANK[action])
    return current


def test_what_appears_behind_the_cursor_lands_too(rig: ProducerRig) -> None:
    """Late, corrected and cancelled trades show up after the cursor has passed; the sweep finds them."""
    rig.stand(PAUSED_AT)
    before = shown_trades(rig, end=PAUSED_AT)
    first = rig.produce("--until", PAUSED_AT)
    assert first.wait() == 0, first.words
    paused_at = datetime.fromisoformat(PAUSED_AT)
    assert {next_at for _, _, next_at in rig.cursors()} == {paused_at}
    assert set(published_trades(rig.broker.events_since(rig.mark))) == {(symbol, key) for symbol, key, _ in before}

    rig.stand(AFTER_DAY)
    behind = shown_trades(rig, end=BEHIND)
    appeared = [key for key in behind if key not in before]
    assert appeared, "the simulated day has late and cancelled trades in the first hour"
    second = rig.produce()
    assert second.wait() == 0, second.words

    published = published_trades(rig.broker.events_since(rig.mark))
    assert published == {(symbol, key): action for symbol, key, action in shown_trades(rig)}
    swept = rig.rows(
        "SELECT endpoint, min(covered_from), max(covered_until), sum(events) FROM ops.poll"
        " WHERE purpose = 'sweep' GROUP BY 1 ORDER BY 1"
    )
    start, end = datetime.fromisoformat(DAY_START), datetime.fromisoformat(DAY_END)
    assert [row[:3] for row in swept] == [("bars", start, end), ("trades", start, end)]


def test_a_run_days_later_sweeps_what_a_killed_producer_left(rig: ProducerRig) -> None:
    def unswept() -> list[tuple[int, int]]:
        with psycopg.connect(rig.database.operations_dsn) as connection:
            day = date.fromisoformat(DAY)
            return [(one.unswept, one.symbols) for one in unswept_sessions(connection, day, day)]

    rig.stand(PAUSED_AT)
    killed = rig.produce()
    rig.wait_for_cursors()
    killed.process.kill()
    killed.process.wait()
    known = len({symbol for _, symbol, _ in rig.cursors()})
    assert unswept() == [(known, known)]

    rig.stand("2026-11-24T15:00:00Z")
    later = rig.produce()
    assert later.wait() == 0, later.words
    assert unswept() == []
    assert published_trades(rig.broker.events_since(rig.mark)) == {
        (symbol, key): action for symbol, key, action in shown_trades(rig)
    }


def test_played_fast_every_number_adds_up(rig: ProducerRig) -> None:
    rig.play(DAY_START, 3000)
    producer = rig.produce()
    assert producer.wait(180) == 0, producer.words
    events = rig.broker.events_since(rig.mark)
    assert published_trades(events) == {(symbol, key): action for symbol, key, action in shown_trades(rig)}

    # The last trades of the day before, which the first snapshots show, stay with their own day.
    assert {str(event.trading_date) for _, event in events if isinstance(event, Trade)} == {DAY}

    numbers: dict[int, list[int]] = {}
    for partition, event in events:
        numbers.setdefault(partition, []).append(event.producer_seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())

    (counted,) = rig.rows(
        "SELECT sum(events), sum(rejected), sum(records) - sum(events + repeated + rejected + set_aside) FROM ops.poll"
    )
    assert counted == (len(events), 1, 0)
    last = producer.progress()[-1]
    assert (last.kind, last.outcome, last.events, last.rejected) == ("ended", "completed", len(events), 1)
    assert producer.progress()[0].kind == "started"

    # Polled time is covered without a hole from the first moment to the last, for every endpoint with a history.
    for endpoint in ("trades", "bars"):
        reached = datetime.fromisoformat(DAY_START).astimezone(UTC)
        for covered_from, covered_until in rig.rows(
            "SELECT covered_from, covered_until FROM ops.poll WHERE endpoint = %s AND purpose = 'poll'"
            " AND outcome IN ('ok', 'empty') ORDER BY poll_id",
            endpoint,
        ):
            assert covered_from <= reached
            reached = max(reached, covered_until)
        assert reached == datetime.fromisoformat(DAY_END)
    assert rig.rows("SELECT outcome FROM ops.producer_run WHERE ended_at IS NOT NULL") == [("completed",)]
    assert rig.rows("SELECT count(*) FROM market.subscription") == [(len(SYMBOLS),)]
    assert rig.rows("SELECT count(*) FROM ops.lease") == [(0,)]
