"""Waiting for Postgres: a write is repeated until it is taken, or until this process may not write any more."""

import logging
from collections.abc import Callable
from typing import TypeVar

from marketpulse.errors import FencedError, RetriableError
from marketpulse.ingest.lease_keeper import LeaseKeeper
from marketpulse.ingest.shutdown import Pulse

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_RETRY_S = 0.5


class PostgresPatience:
    """Outlasts outages of Postgres; a stop that is asked for ends the wait with StopRequestedError."""

    def __init__(self, keeper: LeaseKeeper, pulse: Pulse) -> None:
        self._keeper = keeper
        self._pulse = pulse

    def until_done(self, action: Callable[[], _T]) -> _T:
        """Repeats the action until Postgres has taken it. Raises FencedError when the lease is lost for good.

        A lease that lapsed during the outage is taken again first, as long as nobody else has it.
        """
        is_waiting = False
        while True:
            try:
                return action()
            except FencedError:
                if not self._keeper.postgres_was_away:
                    raise
                self.retake()
            except RetriableError as error:
                if not is_waiting:
                    logger.warning("%s; waiting for it", error)
                is_waiting = True
                self._wait()

    def retake(self) -> None:
        """Makes a lapsed lease certain again. Raises FencedError when that is not to be."""
        while True:
            try:
                self._keeper.retake()
            except FencedError:
                raise
            except RetriableError:
                self._wait()
            else:
                return

    def _wait(self) -> None:
        self._pulse.pause(_RETRY_S, "postgres", guarded=False)
