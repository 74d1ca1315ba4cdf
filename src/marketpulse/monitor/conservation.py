"""The proof of conservation as a duty: run after every rollup, and an alert when it does not balance."""

import logging
from collections.abc import Iterable
from datetime import date

from marketpulse.errors import MarketPulseError
from marketpulse.settings import Settings
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.proof_view import as_text

logger = logging.getLogger(__name__)


def assert_balanced(settings: Settings, trading_dates: Iterable[date]) -> None:
    """Proves the given days, and everything that holds for all time; logs the table. Nothing to do without a day.

    Raises MarketPulseError that names the equations which do not balance, RetriableError for an outage.
    """
    days = sorted(trading_dates)
    if not days:
        logger.info("no day was recomputed, so there is nothing new to prove")
        return
    proof = prove(
        settings.operations_dsn.get_secret_value(),
        date_from=days[0],
        date_to=days[-1],
        kafka_bootstrap=settings.kafka_bootstrap,
    )
    logger.info("%s", as_text(proof))
    wrong = [equation.name for equation in proof.equations if not equation.balanced]
    if wrong:
        raise MarketPulseError(f"{days[0]} to {days[-1]} does not balance: {', '.join(wrong)}; keep the data")
