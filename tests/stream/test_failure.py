"""Spark's text about a failed query gives our own error back."""

import pytest

from marketpulse.errors import FencedError, GapError, MarketPulseError, OperatorError, RetriableError
from marketpulse.stream.failure import classified

TRACE = """[STREAM_FAILED] Query [id = 1] terminated with exception: Job aborted due to stage failure:
Traceback (most recent call last):
  File "worker.py", line 1, in main
{line}
SQLSTATE: XXKST"""


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("marketpulse.errors.FencedError: run 2 has taken over", FencedError, "run 2 has taken over"),
        ("marketpulse.errors.GapError: gap in t/0: expected offset 1, found 2", GapError, "found 2"),
        ("marketpulse.errors.OperatorError: t/0 is not in the ledger", OperatorError, "not in the ledger"),
        ("marketpulse.errors.RetriableError: Postgres at h:1 does not answer", RetriableError, "Postgres at h:1"),
        ("org.apache.kafka.common.errors.TimeoutException: Timed out", RetriableError, "Timed out"),
        ("ExecutorLostFailure (executor 0 exited)", RetriableError, "executor 0 exited"),
    ],
)
def test_known_failures(line: str, kind: type[MarketPulseError], text: str) -> None:
    error = classified(TRACE.format(line=line))
    assert type(error) is kind
    assert text in str(error)
    assert "\n" not in str(error)


def test_the_error_that_was_raised_last_counts() -> None:
    lines = "marketpulse.errors.RetriableError: away\nmarketpulse.errors.FencedError: taken over"
    assert isinstance(classified(TRACE.format(line=lines)), FencedError)


def test_anything_else_is_unknown() -> None:
    assert type(classified(TRACE.format(line="TypeError: no"))) is MarketPulseError
