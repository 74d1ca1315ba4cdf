"""Connections to Postgres, and what their failures mean.

A server that is away, starting or shutting down is a RetriableError; a refused login or a missing database is an
OperatorError. Neither text ever holds a password.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo, errors

from marketpulse.errors import OperatorError, RetriableError

# Class 28: login refused. 3D000: no such database.
_REFUSED = ("28P01", "28000", "3D000")
# The server ends what stood still in a transaction, a process that was frozen say, and calls that an internal error.
_LOST = (psycopg.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout)
_REFUSED_TEXTS = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")


def address(dsn: str) -> str:
    """`host:port` of a DSN, fit for a message. Raises OperatorError when the DSN is empty or cannot be read."""
    parts = _parts(dsn)
    return f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"


def password_of(dsn: str) -> str:
    """The password inside a DSN, empty when it holds none. Raises as `address` does."""
    return str(_parts(dsn).get("password") or "")


def _parts(dsn: str) -> dict[str, object]:
    if not dsn:
        raise OperatorError(
            "no Postgres address: run `marketpulse up`, or set MARKETPULSE_OPERATIONS_DSN and the others"
        )
    try:
        return dict(conninfo.conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        raise OperatorError("a Postgres address is not of the form postgresql://user:password@host:port/base") from None


def connect(
    dsn: str, *, application_name: str, autocommit: bool = False, session_options: tuple[str, ...] = ()
) -> psycopg.Connection:
    """A new connection whose session speaks UTC; `session_options` are further `name=value` server settings.

    Blocks for 5 s at most. Raises RetriableError when the server does not answer, OperatorError when it refuses us.
    """
    where = address(dsn)
    options = " ".join(f"-c {option}" for option in ("TimeZone=UTC", *session_options))
    try:
        return psycopg.connect(
            dsn,
            application_name=application_name,
            autocommit=autocommit,
            connect_timeout=5,
            options=options,
            # A broken network shows within about ten seconds instead of the kernel's two hours.
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        reason = _one_line(error)
        if error.sqlstate in _REFUSED or any(text in reason for text in _REFUSED_TEXTS):
            raise OperatorError(f"Postgres at {where} refuses the connection: {reason}") from None
        raise RetriableError(f"Postgres at {where} does not answer ({reason}): is it running?") from None


@contextmanager
def outages(dsn: str) -> Iterator[None]:
    """Turns the loss of a connection, or of room, inside the block into a RetriableError; others pass unchanged."""
    try:
        yield
    except errors.DiskFull as error:
        reason = error.diag.message_primary or _one_line(error)
        raise RetriableError(f"Postgres at {address(dsn)} has no room left ({reason}): free some") from error
    except _LOST as error:
        raise RetriableError(f"Postgres at {address(dsn)} went away ({_one_line(error)})") from error


def _one_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
