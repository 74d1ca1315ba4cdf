"""Records that somebody else copied onto the topic: duplicates that the proof names, and no losses."""

from typing import Any

import pytest
from tests.database import Database
from tests.stream.sink_records import DAY, Feeder, trade

from marketpulse.warehouse.equation import Equation
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.proof_view import as_text

SEQUENCES = ("sequences_complete", "sequences_continuous", "offsets_continuous", "offsets_accounted", "facts_recounted")


def numbered(*numbers: int, **more: Any) -> list[Any]:
    return [trade(number, producer_seq=number, **more) for number in numbers]


def proved(database: Database) -> dict[str, Equation]:
    proof = prove(database.operations_dsn, date_from=DAY, date_to=DAY, settle_s=0)
    assert as_text(proof)
    return {equation.name: equation for equation in proof.equations}


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([[1, 2, 3], [2], [4, 5]], id="a batch of its own"),
        pytest.param([[1, 2, 3], [4, 2, 5]], id="between records of its producer"),
        pytest.param([[1, 2, 2, 3], [4, 5]], id="at once"),
        pytest.param([[1, 2, 3], [3, 1, 2, 4, 5]], id="several"),
    ],
)
def test_a_copy_is_named_and_breaks_nothing(feeder: Feeder, database: Database, batches: list[list[int]]) -> None:
    for batch in batches:
        feeder.land(*numbered(*batch))
    copies = sum(map(len, batches)) - 5
    found = proved(database)
    assert [name for name in SEQUENCES if not found[name].balanced] == []
    complete = found["sequences_complete"]
    assert (int(complete.left), int(complete.right)) == (5, 5)
    assert len(complete.named) == 1
    assert f": {copies} of the records came again" in complete.named[0]
    assert feeder.rows("SELECT sum(landed), sum(duplicate) FROM ops.stream_batch") == [(5, copies)]


def test_a_copy_in_another_partition_is_no_loss_there(feeder: Feeder, database: Database) -> None:
    feeder.land(*numbered(1, 2, 3, 4, 5))
    feeder.land(*numbered(4), partition=1)
    found = proved(database)
    assert [name for name in SEQUENCES if not found[name].balanced] == []
    assert found["sequences_complete"].named[0].startswith("p-1 stock_analysis/1 batch ")
    # The producer's own first record of that partition comes later and continues nothing but itself.
    feeder.land(trade(6, producer_seq=1, symbol="BBB"), partition=1)
    assert [name for name in SEQUENCES if not proved(database)[name].balanced] == []


def test_a_missing_number_is_a_loss_and_shows_its_batch(feeder: Feeder, database: Database) -> None:
    feeder.land(*numbered(1, 2))
    feeder.land(*numbered(4, 5))
    found = proved(database)
    assert (int(found["sequences_complete"].left), int(found["sequences_complete"].right)) == (4, 5)
    (offending,) = found["sequences_continuous"].offending
    assert "p-1 stock_analysis/0 batch" in offending
    assert "holds numbers {[4, 6)} in 2 after 2" in offending


def test_a_copy_does_not_hide_a_loss(feeder: Feeder, database: Database) -> None:
    """As many records as numbers, and still one of them is gone."""
    feeder.land(*numbered(1, 2, 2, 4, 5))
    found = proved(database)
    assert not found["sequences_complete"].balanced
    assert not found["sequences_continuous"].balanced


def test_a_replay_of_known_facts_by_another_producer_is_a_producer_of_its_own(
    feeder: Feeder, database: Database
) -> None:
    feeder.land(*numbered(1, 2, 3))
    feeder.land(*numbered(1, 2, 3, producer_id="p-2"))
    found = proved(database)
    assert [name for name in SEQUENCES if not found[name].balanced] == []
    assert found["sequences_complete"].named == ()
