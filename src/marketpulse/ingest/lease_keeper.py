"""Keeps the producer's lease alive from a thread of its own, and knows when it can no longer be trusted.

The lease is trusted until `ttl` after the last renewal *began*, by the host's monotonic clock: that is never later
than its expiry in the database. A renewal that the database refuses means one of two things. If Postgres was away in
between, the lease lapsed for that reason and may be taken again when nobody else has it. If Postgres was there all
the time, this process was frozen: it must end.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from marketpulse.errors import FencedError, LeaseHeldError, RetriableError
from marketpulse.store import lease as leases
from marketpulse.store.lease import Lease
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

_SESSION_OPTIONS = ("lock_timeout=5000", "statement_timeout=5000")
_RETRY_S = 0.5


class LeaseLapsedError(RetriableError):
    """The lease may have expired: stop polling, make it certain with `retake`, start again from the cursors."""


class LeaseKeeper:
    """Holds one named lease. `take` and `retake` are for the main thread, renewals happen by themselves."""

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        holder: str,
        ttl_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dsn = dsn
        self._name = name
        self._holder = holder
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._connection: psycopg.Connection | None = None
        self._lease: Lease | None = None
        self._trusted_until_s = 0.0
        self._was_away = False
        self._refusal: FencedError | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> Lease:
        """Takes the lease and starts renewing it. Raises LeaseHeldError that names the holder."""
        began_s = self._monotonic()
        with self._connected() as connection:
            self._lease = leases.acquire(connection, self._name, self._holder, self._ttl_s)
        self._trusted_until_s = began_s + self._ttl_s
        self._was_away = False
        self._refusal = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_for_ever, args=(self._ended,), name="lease", daemon=True)
        self._thread.start()
        return self._lease

    def retake(self) -> Lease:
        """After a LeaseLapsedError: makes the lease certain again.

        Raises RetriableError while Postgres is away, FencedError when this process was frozen or another took over.
        """
        self._stop_renewing()
        if self._refusal is None:
            try:
                with self._connected() as connection:
                    leases.renew(connection, self.held())
            except FencedError as error:
                self._refusal = error
            except RetriableError:
                self._was_away = True
                raise
        if self._refusal is not None and not self._was_away:
            raise self._refusal
        try:
            return self.take()
        except LeaseHeldError as error:
            raise FencedError(f"taken over during the outage: {error}") from None

    def held(self) -> Lease:
        """The lease, for fencing. Its token may be out of date; the database decides."""
        if self._lease is None:
            raise FencedError(f"the lease {self._name!r} was never taken")
        return self._lease

    def check(self) -> None:
        """Raises LeaseLapsedError or FencedError when polling must stop now; costs nothing otherwise."""
        if self._refusal is not None and not self._was_away:
            raise self._refusal
        if self._refusal is not None or self._monotonic() >= self._trusted_until_s:
            raise LeaseLapsedError("the lease was not renewed in time")

    @property
    def postgres_was_away(self) -> bool:
        """Whether renewals failed since the last good one for want of a server."""
        return self._was_away

    def release(self) -> None:
        """Stops renewing and gives the lease back, as well as Postgres allows."""
        self._stop_renewing()
        if self._lease is None or self._refusal is not None:
            return
        try:
            with self._connected() as connection:
                leases.release(connection, self._lease)
        except RetriableError as error:
            logger.warning("the lease is left to expire: %s", error)
        finally:
            self._disconnect()

    def _renew_for_ever(self, ended: threading.Event) -> None:
        pause_s = self._ttl_s / 3
        while not ended.wait(pause_s):
            pause_s = self._ttl_s / 3
            began_s = self._monotonic()
            try:
                with self._connected() as connection:
                    leases.renew(connection, self.held())
            except FencedError as error:
                self._refusal = error
                return
            except RetriableError as error:
                if not self._was_away:
                    logger.warning("lease not renewed: %s", error)
                self._was_away = True
                pause_s = min(_RETRY_S, pause_s)
                continue
            self._trusted_until_s = began_s + self._ttl_s
            self._was_away = False

    def _stop_renewing(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=6)
            self._thread = None
        self._disconnect()

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with outages(self._dsn):
                if self._connection is None or self._connection.closed:
                    self._connection = connect(
                        self._dsn,
                        application_name="marketpulse lease",
                        autocommit=True,
                        session_options=_SESSION_OPTIONS,
                    )
                yield self._connection
        except RetriableError:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
