"""Whether the provider knows every symbol of the plan, asked once before the first poll.

Providers leave out a symbol that they do not know without a word, so that it would pass for one without trades, and its
silence for full coverage. A symbol that is known and has not traded yet is no reason to stop.
"""

import logging
from datetime import datetime, timedelta

from marketpulse.errors import OperatorError
from marketpulse.events.session import Session
from marketpulse.ingest.fetch import Failure, Fetcher, FetchFailedError
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.providers.provider import Outcome, Query

logger = logging.getLogger(__name__)

# A symbol that the provider had once and has no more shows itself in the bars before the session that is asked for.
_LOOK_BACK = timedelta(days=7)
_REFUSED = (Outcome.AUTH, Outcome.NOT_ENTITLED, Outcome.BAD_REQUEST)


class SymbolCheck:
    """Asks through the poll loop's fetcher, within its limits; what it reads is not published."""

    def __init__(self, plan: ProducerPlan, fetcher: Fetcher) -> None:
        self._plan = plan
        self._fetcher = fetcher
        self.is_settled = False

    def check(self, session: Session, market_at: datetime) -> None:
        """Settles the question when the provider can answer it now. Raises OperatorError that names unknown symbols."""
        try:
            silent = self._not_shown(self._plan.symbols)
            end = min(session.post_close_at, market_at - self._plan.delay)
            unknown = [symbol for symbol in silent if not self._has_bars(symbol, end)]
        except FetchFailedError as error:
            self._put_off(error.failure)
            return
        self.is_settled = True
        if unknown:
            raise OperatorError(
                f"{self._plan.provider} does not know {', '.join(unknown)}: correct MARKETPULSE_SYMBOLS"
            )

    def _not_shown(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """The symbols of which the provider has no state to show; all of them when the plan does not include it."""
        query = Query("snapshots", self._plan.feed, symbols)
        try:
            shown = {symbol for fetched in self._fetcher.pages(query) for symbol in fetched.page.symbols}
        except FetchFailedError as error:
            failure = error.failure
            if failure.outcome is Outcome.NOT_ENTITLED:
                return symbols
            if failure.outcome is Outcome.BAD_SYMBOL and failure.bad_symbol in symbols:
                # The polls leave it out, and say so.
                others = tuple(symbol for symbol in symbols if symbol != failure.bad_symbol)
                return self._not_shown(others) if others else ()
            raise
        return tuple(symbol for symbol in symbols if symbol not in shown)

    def _has_bars(self, symbol: str, end: datetime) -> bool:
        query = Query("bars", self._plan.feed, (symbol,), end - _LOOK_BACK, end)
        return any(symbol in fetched.page.symbols for fetched in self._fetcher.pages(query))

    def _put_off(self, failure: Failure) -> None:
        """An outage leaves the question open; a refusal would be repeated. Both are for the polls to report."""
        self.is_settled = failure.outcome in _REFUSED
        logger.info("%s does not say which symbols it knows", self._plan.provider)
