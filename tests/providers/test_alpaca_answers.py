"""Every recorded kind of answer has the outcome its file states; a file more is a case more."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.alpaca_questions import FIXTURES, response

from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Outcome, Window

ANSWERS = sorted((FIXTURES / "answers").glob("*.json"))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_outcome_of_a_recorded_answer(path: Path) -> None:
    answer = json.loads(path.read_text(encoding="utf-8"))
    expected = answer["expected"]
    found = Alpaca().classify(response(answer["body"].encode(), status=answer["status"], headers=answer["headers"]))
    assert found.outcome == Outcome(expected["outcome"])
    assert found.retry_after_s == expected.get("retry_after_s")
    assert found.bad_symbol == expected.get("bad_symbol")
    calls = expected.get("calls_per_minute")
    assert found.stated_limit == (None if calls is None else Window(calls, 60.0))
    if "message" in expected:
        assert found.message == expected["message"]


def test_every_outcome_the_adapter_can_give_is_recorded() -> None:
    recorded = {json.loads(path.read_text(encoding="utf-8"))["expected"]["outcome"] for path in ANSWERS}
    assert recorded == {outcome.value for outcome in Outcome}


@given(
    st.binary(max_size=80), st.integers(100, 599), st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text())
)
def test_no_answer_breaks_the_classifier(body: bytes, status: int, headers: dict[str, str]) -> None:
    found = Alpaca().classify(response(body, status=status, headers=headers))
    assert found.outcome in Outcome
    assert found.retry_after_s is None or found.retry_after_s >= 0


@given(st.integers(0, 40))
def test_a_body_cut_short_is_never_ok(cut: int) -> None:
    body = b'{"trades":{"AAPL":[{"p":1}]},"next_page_token":null}'
    assert Alpaca().classify(response(body[:cut])).outcome is Outcome.MALFORMED


def test_a_reset_without_a_date_says_nothing() -> None:
    reset = str(int(datetime(2022, 3, 11, 19, 10, tzinfo=UTC).timestamp()))
    assert Alpaca().classify(response(b"", status=429, headers={"X-Ratelimit-Reset": reset})).retry_after_s is None
