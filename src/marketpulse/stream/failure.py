"""Why a query ended, read from what Spark says about it: the text holds our own error's class and line."""

import re

from marketpulse.errors import FencedError, GapError, MarketPulseError, OperatorError, RetriableError

_OURS = re.compile(r"marketpulse\.errors\.(\w+): ([^\n]*)")
_CLASSES: dict[str, type[MarketPulseError]] = {
    kind.__name__: kind for kind in (FencedError, GapError, OperatorError, RetriableError)
}
# What the Kafka client and the loss of an executor look like; the ledger and the topic decide what it really was.
_OUTAGES = (
    "kafka.common.errors",
    "Some data may have been lost",
    "OffsetOutOfRange",
    "ExecutorLostFailure",
    "Python worker exited unexpectedly",
    "psycopg.OperationalError",
    "psycopg.errors.AdminShutdown",
)
_LINE_LIMIT = 900


def classified(text: str) -> MarketPulseError:
    """The error behind a failed query; a plain MarketPulseError when it is none that we know."""
    ours = _OURS.findall(text)
    for name, message in reversed(ours):
        if name in _CLASSES:
            return _CLASSES[name](message.strip()[:_LINE_LIMIT])
    line = " ".join(text.split())[:_LINE_LIMIT]
    if any(sign in text for sign in _OUTAGES):
        return RetriableError(line)
    return MarketPulseError(line)
