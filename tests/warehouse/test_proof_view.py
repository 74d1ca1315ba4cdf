"""How a proof is shown."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from rich.console import Console

from marketpulse.warehouse.equation import Tally
from marketpulse.warehouse.proof import Proof
from marketpulse.warehouse.proof_view import as_json, as_text, equation_table


def proof_of(*sides: tuple[int, int]) -> Proof:
    tally = Tally()
    for number, (left, right) in enumerate(sides):
        tally.add(f"place [{number}]", left, right)
    equation = tally.equation("records_equal", "records sent", "records seen")
    return Proof(proved_at=datetime(2025, 7, 2, tzinfo=UTC), date_from=None, date_to=None, equations=(equation,))


def test_a_balanced_proof_is_one_line_an_equation() -> None:
    assert as_text(proof_of((1200, 1200))) == (
        "ok     records_equal: 1,200 records sent = 1,200 records seen\n1 equations balance"
    )


def test_a_broken_one_shows_its_places_and_how_many_more() -> None:
    text = as_text(proof_of(*((number, -1) for number in range(12)))).splitlines()
    assert text[0].startswith("BROKEN records_equal: 66 records sent = -12")
    assert text[1].strip() == "place [0]: 0 against -1"
    assert text[-2].strip() == "and 2 more"
    assert text[-1] == "does not balance: records_equal"


def test_json_says_whether_it_balances() -> None:
    document = json.loads(as_json(proof_of((1, 2))))
    assert document["balanced"] is False
    assert document["equations"][0]["balanced"] is False
    assert document["equations"][0]["left"] == "1"


def test_the_table_prints_places_as_they_are() -> None:
    console = Console(width=160, record=True, file=None)
    with console.capture() as capture:
        console.print(equation_table(proof_of((1, 2))))
    assert "place [0]: 1 against 2" in capture.get()


def test_numbers_keep_their_decimals() -> None:
    tally = Tally()
    tally.add("ABC", Decimal("1592.100000"), Decimal("1592.1"))
    proof = Proof(
        proved_at=datetime(2025, 7, 2, tzinfo=UTC),
        date_from=None,
        date_to=None,
        equations=(tally.equation("notional", "landed", "true"),),
    )
    assert "1,592.1 landed = 1,592.1 true" in as_text(proof)


def test_a_copy_is_named_where_everything_balances() -> None:
    proof = proof_of((4, 4))
    named = msgspec.structs.replace(proof.equations[0], named=("p-1 topic/0 batch 7: came again",))
    proof = msgspec.structs.replace(proof, equations=(named,))
    assert as_text(proof).splitlines()[1].strip() == "note: p-1 topic/0 batch 7: came again"
    assert json.loads(as_json(proof))["equations"][0]["named"] == ["p-1 topic/0 batch 7: came again"]
    assert proof.balanced
