"""Errors, grouped by how one recovers.

MarketPulseError
├── OperatorError      a person must change something; never retried; exit status 2
│   └── LeaseHeldError another process does this job already; exit status 3
├── InterruptionError  a person ended the command and it has cleaned up; exit status 130
├── RetriableError     an outage: keep the position, wait, try again; exit status 75 (EX_TEMPFAIL)
│   ├── FencedError    a newer run has taken over: stop at once, commit nothing; exit status 4
│   └── GapError       records do not continue where the ledger stands: start again from the ledger
└── RecordError        one record is unusable: dead letter, then go on
"""


class MarketPulseError(Exception):
    """Base of every error that MarketPulse raises on purpose; its text is one line that says what to do."""

    exit_status = 1


class OperatorError(MarketPulseError):
    """A person must act (configuration, credentials, lost data). Retrying without a change cannot help."""

    exit_status = 2


class LeaseHeldError(OperatorError):
    """Another process holds the lease for this job; the text names the holder."""

    exit_status = 3


class InterruptionError(MarketPulseError):
    """A person ended the command (Ctrl-C, SIGTERM); the text says what is left."""

    exit_status = 130


class RetriableError(MarketPulseError):
    """Something outside is down or slow. The caller keeps its position and tries again."""

    exit_status = 75


class FencedError(RetriableError):
    """A newer run may commit and this one may not. The process must end without committing anything."""

    exit_status = 4


class GapError(RetriableError):
    """The stream was given records that do not continue where the ledger stands. Starting from the ledger helps,
    unless Kafka no longer has them."""


class RecordError(MarketPulseError):
    """One record cannot be represented or read. It becomes a dead letter and the flow goes on."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
