"""A correction is checked before it is stored, and what came stays as it came."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from tests.database import Database
from tests.stream.sink_records import Feeder, bar, dead_letter, quote, trade

from marketpulse.dlq.candidate import Bench, candidate
from marketpulse.dlq.correction import Edit, Fixed, fix, parse_set, parse_unset
from marketpulse.dlq.identity import with_ids
from marketpulse.dlq.letter import Selection, find, reading
from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.codec import encode
from marketpulse.events.event import AnyEvent, Trade

BENCH = Bench(date(2025, 3, 14), "XNYS", synthetic=True)
WIRE = '{"t":"2025-03-14T13:30:00.000000001Z","x":"V","p":-10.5,"s":100,"c":["@"],"i":77,"z":"A"}'


def poison(**changes: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(encode(trade(1))) | changes)


class Desk:
    """One dead letter on the desk of a person."""

    def __init__(self, feeder: Feeder, database: Database) -> None:
        self.feeder, self.dsn = feeder, database.operations_dsn

    def fix(self, *edits: str, file: bytes | None = None) -> Fixed:
        parsed = [parse_unset(edit[1:]) if edit.startswith("-") else parse_set(edit) for edit in edits]
        [(letter_id,)] = self.feeder.rows("SELECT dead_letter_id::text FROM ops.dead_letter")
        return fix(self.dsn, letter_id, parsed, file=file, bench=BENCH, fixed_by="ops@here")

    def candidate(self) -> AnyEvent:
        with reading(self.dsn) as connection:
            [letter] = find(connection, Selection())
        return candidate(letter, BENCH)


@pytest.fixture
def desk(feeder: Feeder, database: Database) -> Desk:
    return Desk(feeder, database)


def test_a_corrected_value_makes_the_version_that_the_provider_s_adapter_would_make(desk: Desk) -> None:
    body = poison(price="-10.25")
    desk.feeder.land(body)
    fixed = desk.fix("price=10.25")
    assert fixed.event == trade(1, price="10.25", producer_id="", producer_seq=0)
    assert desk.candidate() == fixed.event
    assert desk.feeder.rows("SELECT body, status FROM ops.dead_letter") == [(body, "open")]
    assert desk.feeder.rows("SELECT fixed_by FROM ops.dead_letter_fix") == [("ops@here",)]


def test_the_newest_correction_counts_and_goes_on_from_the_one_before(desk: Desk) -> None:
    desk.feeder.land(poison(price="x"))
    desk.fix("price=11")
    desk.fix("size=7")
    event = desk.candidate()
    assert isinstance(event, Trade)
    assert (event.price, event.size) == (Decimal(11), Decimal(7))
    assert desk.feeder.rows("SELECT count(*) FROM ops.dead_letter_fix") == [(2,)]


@pytest.mark.parametrize(
    ("changes", "edits", "field", "value"),
    [
        ({"symbol": 7}, ["symbol=7"], "symbol", "7"),
        ({"conditions": ["@", None]}, ["conditions.1=I"], "conditions", ("@", "I")),
        ({"conditions": ["@", None]}, ["-conditions.1"], "conditions", ("@",)),
        ({"extra": {"/a": 1}}, ["extra./a=x=y"], "extra", {"/a": "x=y"}),
        ({"extra": 5}, ["extra={}", "extra.note=null and void"], "extra", {"note": "null and void"}),
        ({"delay_s": "900"}, ["delay_s=900"], "delay_s", 900),
        ({"synthetic": "yes"}, ["synthetic=true"], "synthetic", True),
        ({"exchange": 3}, ["-exchange"], "exchange", None),
    ],
)
def test_a_value_is_text_where_the_contract_wants_text(
    desk: Desk, changes: dict[str, object], edits: list[str], field: str, value: object
) -> None:
    desk.feeder.land(poison(**changes))
    assert getattr(desk.fix(*edits).event, field) == value


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (["price=-3"], "number: price is '-3'"),
        (["price=1", "symbol="], "schema: symbol is empty"),
        (["price=1", "event_type=rumour"], "schema: Invalid value 'rumour'"),
        (["price=1", "event_at=2025-03-14T13:30:01.000000000Z"], "time: event_at"),
        (["price=1", "entity_id=1"], "identity: entity_id is '1'"),
        (["price=1", "trading_date=2025-03-12"], "time: trading_date"),
        (["price=1", "trading_date=2025-03-24"], "trading_date_out_of_range"),
        (["price=1", "-colour"], "schema: there is no colour to take out"),
        (["price=1", "conditions.9=I"], "schema: there is no conditions.9 in the record"),
        (["price=1", "size=900000000000000000"], "unstorable"),
    ],
)
def test_what_breaks_the_contract_is_not_stored(desk: Desk, edits: list[str], said: str) -> None:
    desk.feeder.land(poison(price="x"))
    with pytest.raises(OperatorError, match="the correction breaks the contract and was not stored") as caught:
        desk.fix(*edits)
    assert said in str(caught.value)
    assert desk.feeder.rows("SELECT count(*) FROM ops.dead_letter_fix") == [(0,)]


def test_bytes_that_are_no_record_need_a_whole_one(desk: Desk) -> None:
    desk.feeder.land(b'{"symbol": "A')
    with pytest.raises(OperatorError, match="give the whole event of the contract with --file"):
        desk.fix("symbol=AAA")
    whole = encode(trade(1))
    assert desk.fix(file=whole).event == trade(1, producer_id="", producer_seq=0)
    without_ids = {k: v for k, v in msgspec.json.decode(whole).items() if k not in ("entity_id", "event_id")}
    assert desk.fix(file=msgspec.json.encode(without_ids)).event == trade(1, producer_id="", producer_seq=0)


def test_a_key_that_stands_twice_is_not_chosen_by_the_program(desk: Desk) -> None:
    desk.feeder.land(poison().replace(b'"price":"10"', b'"price":"10","price":"11"'))
    with pytest.raises(OperatorError, match="a key stands there twice"):
        desk.fix("price=10")


def test_a_provider_s_record_is_corrected_in_its_own_words(desk: Desk) -> None:
    desk.feeder.land_dead_letters(dead_letter(WIRE))
    with pytest.raises(RecordError, match="p is negative"):
        desk.candidate()
    event = desk.fix("p=10.50").event
    assert isinstance(event, Trade)
    assert (event.symbol, event.price, event.size, event.trade_id) == ("AAA", Decimal("10.50"), Decimal(100), "77")
    assert (event.event_at, event.endpoint, event.feed) == ("2025-03-14T13:30:00.000000001Z", "alpaca.trades", "sip")
    assert with_ids(event) == event
    assert desk.feeder.rows("SELECT body FROM ops.dead_letter") == [(WIRE.encode(),)]


def test_a_provider_s_record_that_stays_wrong_is_refused_in_the_provider_s_words(desk: Desk) -> None:
    desk.feeder.land_dead_letters(dead_letter(WIRE))
    with pytest.raises(OperatorError, match="number: p is negative"):
        desk.fix("s=7")


def test_a_line_of_a_file_needs_a_whole_event(desk: Desk) -> None:
    desk.feeder.land_dead_letters(dead_letter("line 4: 2013,x", provider="replay", endpoint="replay.trades"))
    with pytest.raises(OperatorError, match="give the whole event of the contract with --file"):
        desk.fix("price=1")
    assert desk.fix(file=encode(trade(4))).event.symbol == "AAA"


def test_what_was_settled_is_not_corrected(desk: Desk) -> None:
    desk.feeder.land(poison(price="x"))
    desk.feeder.execute("UPDATE ops.dead_letter SET status = 'accepted'")
    with pytest.raises(OperatorError, match="was accepted already: it stays as it is"):
        desk.fix("price=1")


def test_something_has_to_be_corrected(desk: Desk) -> None:
    desk.feeder.land(poison(price="x"))
    with pytest.raises(OperatorError, match="nothing to correct: give --set"):
        desk.fix()
    with pytest.raises(OperatorError, match="--set price is not of the form path=value"):
        parse_set("price")
    assert parse_unset("a.b") == Edit(("a", "b"), removed=True)


@pytest.mark.parametrize(
    "event",
    [
        trade(3),
        trade(4, action="cancel"),
        msgspec.structs.replace(quote(), bid_exchange="V", ask_exchange="V"),
        msgspec.structs.replace(bar(), trade_count=None),
    ],
)
def test_ids_follow_from_the_content(event: AnyEvent) -> None:
    assert with_ids(msgspec.structs.replace(event, entity_id="0" * 32, event_id="0" * 32)) == event
