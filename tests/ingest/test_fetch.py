"""Queries against a scripted provider: pages, retries, and what is never tried again."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from marketpulse.events.session import calendar
from marketpulse.ingest.budget import Budget
from marketpulse.ingest.fetch import Failure, Fetcher, FetchFailedError
from marketpulse.ingest.http import TransportError
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Outcome, Query, Request, Response
from marketpulse.providers.registry import provider

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
QUERY = Query("trades", "sip", ("AAPL", "MSFT"), datetime(2026, 11, 20, 14, tzinfo=UTC), NOW)
TRADE = {"t": "2026-11-20T14:30:00Z", "x": "V", "p": 156.05, "s": 100, "c": ["@"], "i": 1, "z": "C"}
KEY = "the-secret-key"

Answer = Response | TransportError


def answer(body: object, status: int = 200, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW, NOW)


def page(trade_id: int, token: str | None = None) -> Response:
    return answer({"trades": {"AAPL": [{**TRADE, "i": trade_id}]}, "next_page_token": token})


@dataclass
class Script:
    """A transport that gives the next answer, whatever it is asked."""

    answers: list[Answer]
    asked: list[Request] = field(default_factory=list)

    def get(self, request: Request) -> Response:
        self.asked.append(request)
        following = self.answers.pop(0)
        if isinstance(following, TransportError):
            raise following
        return following

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class Rig:
    script: Script
    waits: list[float] = field(default_factory=list)

    def fetcher(self, budget: Budget | None = None) -> Fetcher:
        return Fetcher(
            provider("alpaca"),
            self.script,
            calendar("XNYS"),
            synthetic=True,
            redact=Redactor((KEY,)),
            pause=self.waits.append,
            budget=budget,
            jitter=lambda: 1.0,
        )

    def trade_ids(self) -> list[str]:
        return [event.trade_id for got in self.fetcher().pages(QUERY) for event in got.page.events]  # type: ignore[union-attr,misc]

    def failure(self) -> Failure:
        with pytest.raises(FetchFailedError) as caught:
            list(self.fetcher().pages(QUERY))
        return caught.value.failure


def rig(*answers: Answer) -> Rig:
    return Rig(Script(list(answers)))


def down() -> TransportError:
    return TransportError(Outcome.TRANSIENT, "the connection was refused or reset")


def test_pages_are_followed_to_the_end() -> None:
    parts = rig(page(1, "second"), page(2, "third"), page(3))
    assert parts.trade_ids() == ["1", "2", "3"]
    assert [dict(request.params).get("page_token") for request in parts.script.asked] == [None, "second", "third"]
    assert parts.waits == []


def test_page_token_that_comes_twice_ends_the_query() -> None:
    assert rig(page(1, "again"), page(2, "again")).failure().outcome is Outcome.MALFORMED


def test_transient_failures_are_retried_with_growing_pauses() -> None:
    parts = rig(down(), answer(b"<html>502</html>", 502), page(1))
    assert parts.trade_ids() == ["1"]
    assert parts.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
@pytest.mark.parametrize("body", [b"", b"<html>down</html>", b'{"trades": {"AAPL": [{"p": null}]}}'])
def test_an_outage_leaves_nothing_that_a_dead_letter_could_be_made_of(status: int, body: bytes) -> None:
    failure = rig(*[answer(body, status)] * 3).failure()
    assert failure.outcome is not Outcome.MALFORMED
    assert failure.body == b""


def test_three_attempts_and_no_more() -> None:
    parts = rig(down(), down(), down(), page(1))
    assert parts.failure().outcome is Outcome.TRANSIENT
    assert len(parts.script.asked) == 3


def test_truncated_body_is_retried_once_and_kept() -> None:
    cut = answer(b'{"trades":{"AAPL":[{"t":"2026-')
    parts = rig(cut, cut, page(1))
    failure = parts.failure()
    assert (failure.outcome, failure.body) == (Outcome.MALFORMED, cut.body)
    assert len(parts.script.asked) == 2


def test_an_answer_without_the_data_member_covers_nothing() -> None:
    failure = rig(answer({"next_page_token": None}), answer({"trade": {"AAPL": [TRADE]}})).failure()
    assert (failure.outcome, failure.http_status) == (Outcome.MALFORMED, 200)
    assert failure.body == answer({"trade": {"AAPL": [TRADE]}}).body


def test_a_notice_with_status_200_is_retried_like_an_outage() -> None:
    notice = answer({"message": "over capacity", "code": 42, "trades": None, "next_page_token": None})
    assert rig(notice, notice, page(1)).trade_ids() == ["1"]
    assert rig(notice, notice, notice).failure().outcome is Outcome.TRANSIENT


def test_an_explicit_null_is_an_empty_answer() -> None:
    (fetched,) = rig(answer({"trades": None, "next_page_token": None})).fetcher().pages(QUERY)
    assert fetched.page.events == ()


def test_short_throttle_waits_as_long_as_the_provider_asks() -> None:
    parts = rig(answer({"message": "too many requests"}, 429, Retry_After="7"), page(1))
    assert parts.trade_ids() == ["1"]
    assert parts.waits == [7.0]


def test_longer_throttle_ends_the_cycle_and_says_until_when() -> None:
    failure = rig(answer({"message": "too many requests"}, 429, Retry_After="60"), page(1)).failure()
    assert (failure.outcome, failure.retry_after_s) == (Outcome.THROTTLED_SHORT, 60.0)


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (answer({"message": "forbidden."}, 403), Outcome.AUTH),
        (answer({"message": "subscription does not permit querying recent SIP data"}, 403), Outcome.NOT_ENTITLED),
        (answer({"message": "invalid symbol: MSFT"}, 400), Outcome.BAD_SYMBOL),
        (answer({"message": "invalid limit"}, 422), Outcome.BAD_REQUEST),
        (answer({"message": "day limit"}, 429, Retry_After="86400"), Outcome.QUOTA_EXHAUSTED),
    ],
)
def test_refusals_are_never_tried_again(refusal: Response, outcome: Outcome) -> None:
    parts = rig(refusal, page(1))
    assert parts.failure().outcome is outcome
    assert len(parts.script.asked) == 1


def test_failure_after_some_pages_leaves_those_pages() -> None:
    pages = rig(page(1, "second"), down(), down(), down()).fetcher().pages(QUERY)
    assert len(next(pages).page.events) == 1
    with pytest.raises(FetchFailedError):
        next(pages)


def test_no_message_holds_the_key() -> None:
    failure = rig(answer({"message": f"We have detected your API key as {KEY}"}, 403)).failure()
    assert KEY not in failure.message


def test_stated_limit_replaces_the_adapters_guess() -> None:
    clock: Callable[[], float] = lambda: 0.0  # noqa: E731
    budget = Budget(provider("alpaca").limits(), monotonic=clock)
    parts = rig(*[answer({"trades": {}}, X_Ratelimit_Limit="10") for _ in range(10)])
    fetcher = parts.fetcher(budget)
    for _ in range(9):
        list(fetcher.pages(QUERY))
    assert budget.wait_s() == 60
