"""Reading in columns and record by record agree on whatever a topic holds, to the last byte of what is copied."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.providers.alpaca_questions import normalized, recorded
from tests.stream.sink_records import DAY, OPEN, RECEIVED, bar, quote, trade
from tests.stream.strange_records import strange_records

from marketpulse.events.codec import encode
from marketpulse.settings import EVENT_TOPIC
from marketpulse.stream import reading
from marketpulse.stream.reading import read_records
from marketpulse.stream.record import Record, Records

# So many records of one layout that they are surely read in columns, whatever the others are.
MANY = 40


def trades(count: int = MANY, **more: Any) -> list[bytes]:
    return [
        encode(
            trade(
                number,
                at=OPEN + timedelta(seconds=number, microseconds=number),
                price=f"{number + 1}.25",
                producer_seq=number + 1,
                **more,
            )
        )
        for number in range(count)
    ]


def read(values: Sequence[bytes | None], start: int = 7, *, condemned: frozenset[int] = frozenset()) -> Any:
    """What the records hold: facts and letters, by offset."""
    records = Records.of(
        [Record(EVENT_TOPIC, 3, start + number, RECEIVED, value) for number, value in enumerate(values)]
    )
    found = read_records(records, newest_date=DAY, condemned=condemned)
    facts = {
        row["offset"]: row | {"cohort": found.facts.cohorts[row["cohort"]]} for row in found.facts.table.to_pylist()
    }
    return facts, {letter.offset: letter for letter in found.letters}


def one_by_one(values: Sequence[bytes | None], start: int = 7) -> Any:
    facts: dict[int, Any] = {}
    letters: dict[int, Any] = {}
    for number, value in enumerate(values):
        found = read([value], start + number)
        facts |= found[0]
        letters |= found[1]
    return facts, letters


def test_plain_records_are_read_in_columns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [
        *trades(),
        *trades(conditions=("@", "I"), trf="TQ", sequence="17", participant_time_ns=5),
        *trades(conditions=("6",), session_part="post", tape=None),
        *[encode(quote(at=OPEN + timedelta(seconds=number), bid=f"{number}.5")) for number in range(MANY)],
    ]
    expected = one_by_one(values)
    monkeypatch.setattr(reading, "decode_event", None)
    assert read(values) == expected
    assert len(expected[0]) == len(values)


def test_strange_records_among_many_of_their_layout() -> None:
    strange = [record.value for record in strange_records() if record.topic == EVENT_TOPIC]
    strange = [value for value in strange if value is None or len(value) < 100_000]
    values: list[bytes | None] = [*strange, *trades(), *strange, *trades(conditions=()), *strange]
    assert read(values) == one_by_one(values)


@pytest.mark.parametrize("kind", range(4))
def test_each_strange_record_many_times(kind: int) -> None:
    """Then it is a layout of its own, if it is one at all."""
    for record in strange_records()[kind::4]:
        if record.topic == EVENT_TOPIC and len(record.value or b"") < 10_000:
            values = [record.value] * MANY
            assert (record.name, read(values)) == (record.name, one_by_one(values))


@pytest.mark.parametrize("name", ["trades_first_page", "trades_last_page", "trades_malformed", "bars", "snapshots"])
def test_recorded_answers(name: str) -> None:
    endpoint: Any = name.split("_")[0]
    events = [*normalized(recorded(name), endpoint).events, bar()]
    values = [encode(event) for event in events for _ in range(MANY)]
    assert read(values) == one_by_one(values)


def test_condemned_records_are_left_out() -> None:
    facts, letters = read(trades(), condemned=frozenset((9, 20)))
    assert sorted(letters) == [9, 20]
    assert letters[9].reason == "unstorable"
    assert len(facts) == MANY - 2


def test_a_part_of_a_batch_reads_as_it_does_in_the_whole() -> None:
    records = Records.of(
        [Record(EVENT_TOPIC, 3, number, RECEIVED, value) for number, value in enumerate([b"junk", *trades(100)])]
    )
    whole = read_records(records, newest_date=DAY)
    part = read_records(records[31:71], newest_date=DAY)
    assert part.facts.table == whole.since(31).facts.table.slice(0, 40)
    assert (len(part.facts), len(part.letters)) == (40, 0)


def test_records_of_many_layouts_come_through() -> None:
    """More than are kept, each with too few records and with enough."""
    values = [
        encode(
            trade(number, provider_symbol="B", endpoint=f"alpaca.{number % 50}", at=OPEN + timedelta(seconds=number))
        )
        for number in range(1_300)
    ]
    assert read(values) == one_by_one(values)


# What a value of the wire may be changed to, inside its quotation marks or in place of its number.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "00",
            "01",
            "1.",
            ".1",
            "1.0000000",
            "1e5",
            "NaN",
            " 1",
            "1 ",
            "+1",
            "9" * 12,
            "9" * 13,
            "9" * 19,
        ]
    ),
    st.sampled_from(["é", "\uff11", "\x7f", "\u2028", "\ufeff", "\\", "\\n", "\\u0041", "\\ud800", "\x00", "\n", "\t"]),
    st.sampled_from(["0.000000", "0.000001", "999999999999.999999", "9999999999", "10000000000", "900000000000000000"]),
    st.sampled_from(["2025-03-14", "2025-02-30", "1990-01-01", "2025-03-17", "2025-03-14T13:30:00.000000000Z"]),
    st.sampled_from(
        ["2025-03-14T21:00:00", "2025-03-14T21:00:00+05:30", "0001-01-01T00:00:00+14:00", "2025-03-14T24:00:00Z"]
    ),
    st.sampled_from(
        ["sip", "iex", "regular", "overnight", "correct", "trade", "quote", "ns", "received", "A" * 128, "A" * 129]
    ),
    st.text(max_size=5),
    st.from_regex(r"[0-9a-f]{31,33}", fullmatch=True),
    st.from_regex(r"2025-03-14[T t]13:[0-9]{2}:[0-9]{2}\.[0-9]{9}[Zz]", fullmatch=True),
)
LITERALS = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "01",
        "1.0",
        "1e3",
        "true",
        "null",
        '"1"',
        "1741959000000000000",
        "9223372036854775807",
        "9" * 19,
        "[]",
    ]
)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A record of the wire with one thing changed that a producer would not change."""
    number = draw(st.integers(0, 3))
    base = encode(trade(number, at=OPEN + timedelta(seconds=number), delay_s=draw(st.sampled_from([None, 0]))))
    members = json.loads(base)
    name = draw(st.sampled_from(sorted(members)))
    how = draw(st.sampled_from(["text", "literal", "drop", "bytes", "space", "again"]))
    if how == "drop":
        del members[name]
        return msgspec.json.encode(members)
    if how == "again":
        return base[:-1] + b"," + msgspec.json.encode({name: members[name]})[1:]
    if how == "space":
        return base.replace(draw(st.sampled_from([b":", b",", b"{", b'"'])), b" ", draw(st.integers(1, 3)))
    if how == "bytes":
        at = draw(st.integers(0, len(base)))
        return base[:at] + draw(st.binary(max_size=2)) + base[at + draw(st.integers(0, 2)) :]
    old = json.dumps(members[name], separators=(",", ":"))
    new = draw(LITERALS) if how == "literal" else f'"{draw(TEXTS)}"'
    return base.replace(f'"{name}":{old}'.encode(), f'"{name}":{new}'.encode("utf-8", "surrogatepass"))


@given(st.lists(changed(), max_size=30))
@example([b'{"event_type":"trade"}', b""])
def test_changed_records_among_plain_ones(strange: list[bytes]) -> None:
    values = [*trades(MANY), *strange]
    values = values[::3] + values[1::3] + values[2::3]
    assert read(values) == one_by_one(values)


@given(st.lists(changed(), min_size=1, max_size=4))
def test_changed_records_many_times(strange: list[bytes]) -> None:
    values = [value for value in strange for _ in range(MANY)]
    assert read(values) == one_by_one(values)


@given(
    conditions=st.lists(st.text(max_size=3), max_size=3),
    extra=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    symbol=st.text(min_size=1, max_size=3),
    exchange=st.none() | st.text(max_size=3),
    tape=st.sampled_from([None, "", "A", "B", "Z"]),
    feed=st.sampled_from(["sip", "iex", "tape", "boats"]),
    part=st.sampled_from(["pre", "regular", "post", "overnight"]),
)
def test_whatever_text_a_provider_sends(
    conditions: list[str], extra: dict[str, str], symbol: str, exchange: str | None, tape: Any, feed: Any, part: Any
) -> None:
    values = trades(
        conditions=tuple(conditions),
        extra=extra,
        symbol=symbol,
        exchange=exchange,
        tape=tape,
        feed=feed,
        session_part=part,
        quality=tuple(conditions[:1]),
    )
    assert read(values) == one_by_one(values)
