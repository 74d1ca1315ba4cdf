"""Whether the provider knows every symbol: what it shows, what its history shows, and when it cannot say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.ingest.test_fetch import Answer, Rig, answer, down, rig

from marketpulse.errors import OperatorError
from marketpulse.events.session import Session
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.symbol_check import SymbolCheck

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SESSION = Session(
    "XNYS",
    date(2026, 11, 20),
    OPEN - timedelta(hours=5),
    OPEN,
    OPEN + timedelta(hours=6),
    OPEN + timedelta(hours=10),
)
BAR = {"t": "2026-11-19T14:30:00Z", "o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "n": 1, "vw": 1}
NOT_ENTITLED = answer({"message": "subscription does not permit querying recent SIP data"}, 403)


def check(symbols: tuple[str, ...], *answers: Answer) -> tuple[SymbolCheck, Rig]:
    parts = rig(*answers)
    return SymbolCheck(ProducerPlan("alpaca", "sip", symbols, "XNYS"), parts.fetcher()), parts


def asked(parts: Rig) -> list[tuple[str, str]]:
    return [(request.endpoint, dict(request.params)["symbols"]) for request in parts.script.asked]


def test_every_symbol_that_is_shown_is_known_also_without_anything_to_show() -> None:
    checked, parts = check(("AAPL", "NEWCO"), answer({"AAPL": {"latestTrade": None}, "NEWCO": {}}))
    checked.check(SESSION, OPEN)
    assert checked.is_settled
    assert asked(parts) == [("snapshots", "AAPL,NEWCO")]


def test_symbol_without_a_state_is_looked_for_in_its_history() -> None:
    checked, parts = check(("AAPL", "OLDCO"), answer({"AAPL": {}}), answer({"bars": {"OLDCO": [BAR]}}))
    checked.check(SESSION, OPEN)
    assert checked.is_settled
    assert asked(parts) == [("snapshots", "AAPL,OLDCO"), ("bars", "OLDCO")]
    assert dict(parts.script.asked[1].params)["start"].startswith("2026-11-13T14:30")


def test_unknown_symbols_are_named_in_one_line() -> None:
    nothing = answer({"bars": {}})
    checked, _ = check(("AAPL", "NOPE", "TYPO"), answer({"AAPL": {}}), nothing, nothing)
    with pytest.raises(OperatorError, match="alpaca does not know NOPE, TYPO: correct MARKETPULSE_SYMBOLS") as refused:
        checked.check(SESSION, OPEN)
    assert "\n" not in str(refused.value)


def test_plan_without_snapshots_is_checked_by_the_history_alone() -> None:
    checked, parts = check(("AAPL", "NOPE"), NOT_ENTITLED, answer({"bars": {"AAPL": [BAR]}}), answer({"bars": {}}))
    with pytest.raises(OperatorError, match="does not know NOPE"):
        checked.check(SESSION, OPEN)
    assert asked(parts) == [("snapshots", "AAPL,NOPE"), ("bars", "AAPL"), ("bars", "NOPE")]


def test_malformed_symbol_is_left_to_the_polls() -> None:
    checked, parts = check(("AAPL", "MSFT"), answer({"message": "invalid symbol: MSFT"}, 400), answer({"AAPL": {}}))
    checked.check(SESSION, OPEN)
    assert checked.is_settled
    assert asked(parts)[-1] == ("snapshots", "AAPL")


def test_outage_leaves_the_question_open() -> None:
    checked, _ = check(("AAPL", "NOPE"), down(), down(), down(), answer({"AAPL": {}}), answer({"bars": {}}))
    checked.check(SESSION, OPEN)
    assert not checked.is_settled
    with pytest.raises(OperatorError, match="NOPE"):
        checked.check(SESSION, OPEN)


@pytest.mark.parametrize("refusal", [answer({"message": "forbidden."}, 403), answer({"message": "bad feed"}, 422)])
def test_refusal_is_left_to_the_polls(refusal: Answer) -> None:
    checked, _ = check(("AAPL",), refusal)
    checked.check(SESSION, OPEN)
    assert checked.is_settled
