"""A flood of unusable records stops the stream before it lands, and goes on only when a person says so."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stream.sink_records import OPEN, Feeder, dead_letter, trade

from marketpulse.broker.topic import Bounds, Topic
from marketpulse.errors import OperatorError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.stream import consent
from marketpulse.stream.failure import classified
from marketpulse.stream.flood import FloodLimit, find_flood, reached_at, shown
from marketpulse.stream.reading import read_records

LIMIT = FloodLimit(in_a_row=3, window=10, of_window=4)
COUNTS = "SELECT (SELECT count(*) FROM market.event), (SELECT count(*) FROM ops.dead_letter)"
VERSION_2 = b'{"schema_version": 2, "event_type": "trade", "provider": "alpaca", "producer_id": "p-9"}'


@pytest.mark.parametrize(
    ("before", "offsets", "at"),
    [
        ([], [], None),
        ([], [0, 1], None),
        ([], [0, 1, 2], 2),
        ([0, 1], [2], 2),
        ([0, 1], [3], None),
        ([0, 1, 2], [4, 5], 4),
        ([0, 2, 4], [6], 6),
        ([0, 2, 4], [10], None),
        ([0, 2, 4], [9], 9),
        ([0, 1, 2, 3], [], None),
    ],
)
def test_the_limits_are_met_at_an_offset_however_the_batches_were_cut(
    before: list[int], offsets: list[int], at: int | None
) -> None:
    found = reached_at(before, offsets, LIMIT)
    assert (found and found[0]) == at


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_where_the_stream_stops_does_not_depend_on_the_cuts(unusable: set[int], cuts: set[int]) -> None:
    whole = reached_at([], unusable, LIMIT)
    bounds = [0, *sorted(cuts), 41]
    for start, end in itertools.pairwise(bounds):
        before = [offset for offset in unusable if start - LIMIT.window <= offset < start]
        found = reached_at(before, [offset for offset in unusable if start <= offset < end], LIMIT)
        if found is not None:
            assert found == whole
            return
    assert whole is None


def test_what_dominates_is_named(feeder: Feeder) -> None:
    records = feeder.records(VERSION_2, b"junk", VERSION_2, b'{"provider":"\x1b[31m\\n"}')
    flood = find_flood([], read_records(records, newest_date=OPEN.date()).letters, FloodLimit(4, 10, 9))
    assert flood is not None
    assert flood.rule == "4 records in a row"
    assert flood.reason.startswith("schema (2 of 4: Invalid enum value 2")
    assert flood.source == "provider alpaca, producer p-9, schema_version 2, event_type trade"


def test_strange_text_stays_on_its_line() -> None:
    assert shown("a\nb\x1b[31m\u202e") == "a\\nb\\x1b[31m\\u202e"
    assert shown("x" * 100, 10) == "x" * 10 + "..."


class Stopped:
    """A stream that met 999 unusable records, and what else its Kafka holds."""

    def __init__(self, feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.feeder = feeder
        self._patch = monkeypatch

    def refusal(self, *items: bytes) -> str:
        """The error of a batch; the offsets that it would have taken are given out again."""
        place = (EVENT_TOPIC, 0)
        before = self.feeder.ends.get(place, 0)
        with pytest.raises(OperatorError) as caught:
            self.feeder.land(*items)
        self.feeder.ends[place] = before
        return str(caught.value)

    def accept(self, end: int) -> tuple[consent.Stop, ...]:
        class Reader:
            def __init__(self, bootstrap: str) -> None: ...

            def topic(self, name: str) -> Topic:
                return Topic(name, "T", {0: Bounds(0, end if name == EVENT_TOPIC else 0)})

        self._patch.setattr(consent, "TopicReader", Reader)
        return consent.accept_dead_letters(self.feeder.writer_dsn, "127.0.0.1:1", accepted_by="ops@here")


@pytest.fixture
def stopped(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> Stopped:
    return Stopped(feeder, monkeypatch)


def test_a_thousand_in_a_row_stop_the_stream_and_nothing_of_their_batch_lands(stopped: Stopped) -> None:
    feeder = stopped.feeder
    feeder.land(trade(1), *[VERSION_2] * 999)
    assert feeder.rows(COUNTS) == [(1, 999)]
    error = stopped.refusal(VERSION_2, b"junk")
    assert error.startswith("stock_analysis/0: 1,000 records in a row up to offset 1000 are unusable, mostly schema")
    assert "producer p-9, schema_version 2" in error
    assert "'marketpulse stream resume --accept-dead-letters'" in error
    assert feeder.rows(COUNTS) == [(1, 999)]
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(1000,)]
    [stop] = consent.stops(feeder.writer_dsn)
    assert (stop.at.place, stop.at.next_offset, stop.at_offset) == ("stock_analysis/0", 1000, 1000)


def test_a_good_record_among_them_begins_the_row_anew(stopped: Stopped) -> None:
    stopped.feeder.land(*[b"junk"] * 999)
    stopped.feeder.land(trade(1), *[b"junk"] * 999)
    assert stopped.feeder.rows(COUNTS) == [(1, 1998)]
    assert consent.stops(stopped.feeder.writer_dsn) == ()


def test_half_of_the_last_ten_thousand_stop_the_stream(stopped: Stopped) -> None:
    feeder = stopped.feeder
    good = [trade(n, symbol=f"S{n % 50}") for n in range(500)]
    for _ in range(9):
        feeder.land(*good, *[b"junk"] * 500)
    mixed = [item for n in range(499) for item in (good[n], b"junk")]
    feeder.land(*mixed)
    error = stopped.refusal(b"junk")
    assert "5,000 of the last 10,000 records up to offset" in error
    assert feeder.rows("SELECT count(*) FROM ops.dead_letter") == [(4999,)]


def test_a_program_that_can_read_them_goes_on_by_itself(stopped: Stopped, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped.refusal(*[b"junk"] * 1000)
    assert stopped.feeder.land(*(trade(n) for n in range(5))).accounts.total.landed == 5
    assert consent.stops(stopped.feeder.writer_dsn) == ()


def test_with_a_person_s_consent_they_become_dead_letters(stopped: Stopped) -> None:
    feeder = stopped.feeder
    stopped.refusal(*[b"junk"] * 1500)
    [stop] = stopped.accept(1500)
    assert str(stop).endswith("nothing from offset 0 on has landed; those before offset 1500 may be dead letters")
    assert consent.stops(feeder.writer_dsn) == ()
    feeder.land(*[b"junk"] * 1500)
    assert feeder.rows(COUNTS) == [(0, 1500)]
    accepted = "SELECT topic, from_offset, until_offset, accepted_by FROM ops.dead_letter_consent"
    assert feeder.rows(accepted) == [(EVENT_TOPIC, 0, 1500, "ops@here")]
    # What comes behind the consent is counted anew.
    feeder.land(*[b"junk"] * 999)
    assert re.match(r"stock_analysis/0: 1,000 records in a row up to offset 2499", stopped.refusal(b"junk"))


def test_without_a_stop_there_is_nothing_to_consent_to(stopped: Stopped) -> None:
    stopped.feeder.land(b"junk")
    assert stopped.accept(10) == ()
    assert stopped.feeder.rows("SELECT count(*) FROM ops.dead_letter_consent") == [(0,)]


def test_offsets_of_a_topic_before_this_one_are_not_counted(stopped: Stopped) -> None:
    feeder = stopped.feeder
    feeder.land(*[b"junk"] * 999)
    feeder.execute("UPDATE ops.stream_ledger SET topic_id = 'NEW'")
    assert feeder.land(*[b"junk"] * 2).accounts.total.dead_lettered == 2


def test_what_a_producer_rejected_is_not_counted(feeder: Feeder) -> None:
    for start in (0, 800):
        feeder.land_dead_letters(*(dead_letter(f"body {n}") for n in range(start, start + 800)))
    assert feeder.rows("SELECT count(*) FROM ops.dead_letter") == [(1600,)]
    with pytest.raises(OperatorError, match=DEAD_LETTER_TOPIC):
        feeder.land_dead_letters(*[b"junk"] * 1000)


def test_the_driver_understands_the_sink_s_refusal(stopped: Stopped) -> None:
    error = stopped.refusal(*[b'{"provider": "\\nmarketpulse.errors.FencedError: no"}'] * 1000)
    assert "\n" not in error
    found = classified(f"Traceback:\nmarketpulse.errors.OperatorError: {error}\nSQLSTATE: XXKST")
    assert type(found) is OperatorError
    assert str(found) == error
