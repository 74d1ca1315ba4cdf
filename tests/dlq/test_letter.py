"""Dead letters are found by what a person knows of them."""

from datetime import date

import pytest
from tests.database import Database
from tests.stream.sink_records import Feeder, dead_letter, trade

from marketpulse.dlq.letter import Selection, changing, counts, find, named, reading, the_letter
from marketpulse.errors import OperatorError

POISON = b'{"provider": "alpaca", "producer_id": "p-9", "schema_version": 2}'


@pytest.fixture
def dsn(feeder: Feeder, database: Database) -> str:
    """Four letters: junk of a day past, one of another schema, and two of a producer; the last one was accepted."""
    feeder.land(trade(1), b"junk", trade(2), POISON)
    feeder.land_dead_letters(dead_letter(), dead_letter("other"))
    feeder.execute("UPDATE ops.dead_letter SET status = 'accepted' WHERE body = 'other'")
    feeder.execute("UPDATE ops.dead_letter SET landed_at = '2025-03-14T23:59:59Z' WHERE body = 'junk'")
    return database.operations_dsn


@pytest.mark.parametrize(
    ("selection", "bodies"),
    [
        (Selection(), {b"junk", POISON, b'{"p":null}', b"other"}),
        (Selection(state="waiting"), {b"junk", POISON, b'{"p":null}'}),
        (Selection(state="accepted"), {b"other"}),
        (Selection(state="fixed"), set()),
        (Selection(reason="not_json"), {b"junk"}),
        (Selection(producer="p-9"), {POISON}),
        (Selection(landed_on=date(2025, 3, 14)), {b"junk"}),
        (Selection(landed_on=date(2025, 3, 15)), set()),
        (Selection(reason="number", state="waiting"), {b'{"p":null}'}),
    ],
)
def test_letters_are_chosen(dsn: str, selection: Selection, bodies: set[bytes]) -> None:
    with reading(dsn) as connection:
        assert {letter.body for letter in find(connection, selection)} == bodies
        assert sum(count for _, _, count in counts(connection, selection)) == len(bodies)


def test_letters_come_in_the_order_in_which_they_landed_page_by_page(dsn: str) -> None:
    with reading(dsn) as connection:
        whole = find(connection, Selection())
        first = find(connection, Selection(), most=3)
        assert first + find(connection, Selection(), after=first[-1]) == whole
        assert whole[0].body == b"junk"
        assert [one.body for one in find(connection, Selection(), body_limit=2)] == [one.body[:2] for one in whole]


def test_the_beginning_of_an_id_is_enough_when_it_is_one_letter_s(dsn: str, feeder: Feeder) -> None:
    for number, body in enumerate(("junk", "other"), start=1):
        same = f"abcd0000-0000-0000-0000-00000000000{number}"
        feeder.execute("UPDATE ops.dead_letter SET dead_letter_id = %s WHERE body = convert_to(%s, 'UTF8')", same, body)
    with reading(dsn) as connection:
        assert the_letter(connection, "ABCD0000-0000-0000-0000-000000000001").body == b"junk"
        with pytest.raises(OperatorError, match="several dead letters begin with abcd: give more of the id"):
            the_letter(connection, "abcd")
        with pytest.raises(OperatorError, match="no dead letter begins with ffff0000f"):
            the_letter(connection, "ffff0000f")
        with pytest.raises(OperatorError, match="at least four of its hex digits"):
            the_letter(connection, "xyz")
    assert named(dsn, []) is None


def test_an_unknown_state_is_named() -> None:
    with pytest.raises(OperatorError, match="'lost' is no state of a dead letter: use one of waiting, open"):
        Selection(state="lost")


def test_one_command_at_a_time_changes_letters(dsn: str) -> None:
    with changing(dsn), pytest.raises(OperatorError, match="another 'marketpulse dlq' command"), changing(dsn):
        raise AssertionError("two at a time")
    with changing(dsn) as connection:
        assert find(connection, Selection(state="fixed")) == []
