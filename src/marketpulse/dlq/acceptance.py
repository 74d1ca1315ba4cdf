"""Giving dead letters up: a person says that these records are lost on purpose, and why."""

from dataclasses import dataclass, replace

from marketpulse.dlq.letter import Selection, StoredLetter, changing, find
from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class Accepted:
    """The letters given up now, and those of the selection that were settled before."""

    accepted: int
    settled: tuple[StoredLetter, ...]


def accept(dsn: str, selection: Selection, *, reason: str, accepted_by: str) -> Accepted:
    """Accept every waiting letter of the selection; one that was replayed or accepted before stays as it is.

    Raises OperatorError without a reason, or when the selection asks for every letter there is.
    """
    if not reason.strip():
        raise OperatorError("say why these records are given up: --because 'the provider sent test data'")
    if not selection.is_bounded:
        raise OperatorError("say which letters: give their ids, --reason, --producer or --date")
    with changing(dsn) as connection:
        found = find(connection, selection, body_limit=0)
        waiting = find(connection, replace(selection, state="waiting"), body_limit=0)
        values = {
            "ids": [letter.dead_letter_id for letter in waiting],
            "reason": reason.strip(),
            "accepted_by": accepted_by,
        }
        accepted = connection.execute(read_sql("dlq/accept"), values).rowcount
    return Accepted(accepted, tuple(letter for letter in found if not letter.is_open))
