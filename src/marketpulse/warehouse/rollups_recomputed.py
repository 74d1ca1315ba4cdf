"""The equation on rollups: every stored row is what computing it again gives.

Rows that wait for their computation are left out. Of the series, weeks and months the kept days are checked on what is
stored before the first of them.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from marketpulse.resources import read_sql
from marketpulse.warehouse.account import Account, summarised
from marketpulse.warehouse.coverage import coverage_values
from marketpulse.warehouse.equation import SAMPLE, Equation, Tally
from marketpulse.warehouse.rollup_days import neighbours

ACCOUNT = Account("rollups_recomputed", "rows of the rollups", "=", "rows equal to their recomputation")
# As many symbols as a run of the rollups takes at once.
_SERIES_SYMBOLS = 100


def rollups_recomputed(connection: psycopg.Connection, days: list[tuple[date, list[str]]]) -> Equation:
    """All rollups of the given days and their symbols, oldest day first, in the caller's snapshot."""
    found = []
    for trading_date, watched in days:
        around = neighbours(connection, trading_date, watched)
        # The days of an unknown calendar wait.
        symbols = around.placed(watched)
        parameters = {
            "trading_date": trading_date,
            "symbols": symbols,
            "calendars": around.calendars,
            "previous_dates": around.previous_dates,
            "next_dates": around.next_dates,
        }
        found += [_compared(connection, name, parameters) for name in ("daily", "bar")]
        found.append(_compared(connection, "coverage", coverage_values(connection, trading_date, symbols)))
    known = sorted({symbol for _, symbols in days for symbol in symbols})
    for start in range(0, len(known), _SERIES_SYMBOLS):
        symbols = known[start : start + _SERIES_SYMBOLS]
        parameters = {"symbols": symbols, "from_dates": [days[0][0]] * len(symbols)}
        found += [_compared(connection, name, parameters) for name in ("daily_series", "period")]
    return msgspec.structs.replace(
        Tally().equation(ACCOUNT.name, ACCOUNT.left_name, ACCOUNT.right_name),
        left=sum((equation.left for equation in found), Decimal(0)),
        right=sum((equation.right for equation in found), Decimal(0)),
        offences=sum(equation.offences for equation in found),
        offending=tuple(text for equation in found for text in equation.offending)[:SAMPLE],
    )


def _compared(connection: psycopg.Connection, name: str, parameters: Mapping[str, Any]) -> Equation:
    comparison = sql.SQL(read_sql(f"proof/rollups/{name}")).format(query=sql.SQL(read_sql(f"rollups/{name}/query")))
    return summarised(connection, ACCOUNT, comparison, parameters)
