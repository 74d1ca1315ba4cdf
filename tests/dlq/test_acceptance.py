"""Giving letters up: on purpose, with a name and a reason, once."""

import pytest
from tests.database import Database
from tests.stream.sink_records import Feeder

from marketpulse.dlq.acceptance import accept
from marketpulse.dlq.letter import Selection, history, reading, the_letter
from marketpulse.errors import OperatorError

OPEN = "SELECT open_dead_letters FROM mart.pipeline_status"


def test_accepted_letters_are_no_longer_open_and_say_why(feeder: Feeder, database: Database) -> None:
    feeder.land(b"junk", b"{}", b"more junk")
    assert feeder.rows(OPEN) == [(3,)]
    wanted = Selection(reason="not_json")
    done = accept(database.operations_dsn, wanted, reason=" test data ", accepted_by="ops@here")
    assert (done.accepted, done.settled) == (2, ())
    assert feeder.rows(OPEN) == [(1,)]
    again = accept(database.operations_dsn, wanted, reason="another", accepted_by="else@there")
    assert (again.accepted, len(again.settled)) == (0, 2)
    kept = "SELECT DISTINCT reason, accepted_by FROM ops.dead_letter_acceptance"
    assert feeder.rows(kept) == [("test data", "ops@here")]
    with reading(database.operations_dsn) as connection:
        past = history(connection, the_letter(connection, again.settled[0].dead_letter_id.hex))
    assert (past.reason, past.accepted_by, past.outcome) == ("test data", "ops@here", None)


def test_not_all_at_once_and_not_without_a_reason(feeder: Feeder, database: Database) -> None:
    feeder.land(b"junk")
    with pytest.raises(OperatorError, match="say which letters"):
        accept(database.operations_dsn, Selection(), reason="x", accepted_by="ops@here")
    with pytest.raises(OperatorError, match="say why these records are given up"):
        accept(database.operations_dsn, Selection(reason="not_json"), reason=" ", accepted_by="ops@here")
    assert feeder.rows(OPEN) == [(1,)]
