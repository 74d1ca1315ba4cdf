"""Splits and cash dividends: read from a file, kept in every version. They change no raw price; the rollups adjust.

A file has the columns symbol, ex_date, action_type (split or cash_dividend) and, by type, split_from and split_to
(1 and 20: twenty new shares for an old one) or cash_amount (a share of its day) and currency.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from marketpulse.errors import OperatorError
from marketpulse.events.listing import listings
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

ActionType = Literal["split", "cash_dividend"]

_REQUIRED = {"symbol", "ex_date", "action_type"}
_CURRENCY = re.compile(r"[A-Z]{3}")
# What the table keeps: numeric(18, 6).
_LARGEST = Decimal(10) ** 12
_FINEST = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """One split or one cash dividend; amounts are exact decimals, the fields of the other type are None."""

    symbol: str
    ex_date: date
    action_type: ActionType
    split_from: Decimal | None = None
    split_to: Decimal | None = None
    cash_amount: Decimal | None = None
    currency: str | None = None


def read_actions(file: Path) -> tuple[CorporateAction, ...]:
    """The actions of a CSV file. Raises OperatorError that names the line when one cannot be used; then none is."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {error}") from None
    rows = csv.DictReader(text.splitlines())
    missing = _REQUIRED - set(rows.fieldnames or ())
    if missing:
        raise OperatorError(f"{file.name} lacks the column {', '.join(sorted(missing))}")
    found: dict[tuple[str, date, str], CorporateAction] = {}
    for row in rows:
        try:
            action = _action({name: (value or "").strip() for name, value in row.items() if isinstance(name, str)})
            key = (action.symbol, action.ex_date, action.action_type)
            if found.setdefault(key, action) != action:
                raise ValueError(f"says otherwise than an earlier line on {action.symbol} {action.ex_date}")
        except ValueError as error:
            raise OperatorError(f"{file.name}, line {rows.line_num}: {error}") from None
    return tuple(found.values())


def record_actions(dsn: str, actions: Iterable[CorporateAction], *, source: str) -> tuple[CorporateAction, ...]:
    """Store what is new or says something else than before, and mark what has to be computed again; returns those.

    `dsn` is the operations role's. All or nothing, and idempotent; waits for a rollup that is being computed.
    """
    recorded = []
    with outages(dsn), connect(dsn, application_name="corporate actions") as connection:
        connection.execute(read_sql("rollups/lock"))
        for action in actions:
            values = asdict(action) | {"source": source}
            connection.execute(read_sql("corporate_actions/retire"), values)
            if connection.execute(read_sql("corporate_actions/insert"), values).fetchone() is None:
                continue
            connection.execute(read_sql("corporate_actions/mark_days"), values)
            connection.execute(read_sql("corporate_actions/mark_series"), values)
            recorded.append(action)
    return tuple(recorded)


def _action(row: dict[str, str]) -> CorporateAction:
    """Raises ValueError for a row that is no action."""
    symbol, kind = row["symbol"].upper(), row["action_type"]
    if not symbol:
        raise ValueError("the symbol is empty")
    try:
        ex_date = date.fromisoformat(row["ex_date"])
    except ValueError:
        raise ValueError(f"ex_date {row['ex_date']!r} is not a date: write it as 2026-11-20") from None
    if kind == "split":
        old, new = _number(row, "split_from"), _number(row, "split_to")
        if not old or not new:
            raise ValueError("split_from and split_to have to be above 0")
        return CorporateAction(symbol, ex_date, "split", split_from=old, split_to=new)
    if kind == "cash_dividend":
        return CorporateAction(
            symbol, ex_date, "cash_dividend", cash_amount=_number(row, "cash_amount"), currency=_currency(row, symbol)
        )
    raise ValueError(f"action_type {kind!r} is neither split nor cash_dividend")


def _number(row: dict[str, str], name: str) -> Decimal:
    text = row.get(name, "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{name} {text!r} is not a number") from None
    if not number.is_finite() or not 0 <= number < _LARGEST or number != number.quantize(_FINEST):
        raise ValueError(f"{name} {text!r} is not from 0 to below {_LARGEST:,} with at most six decimals")
    return number


def _currency(row: dict[str, str], symbol: str) -> str:
    currency = row.get("currency", "")
    if _CURRENCY.fullmatch(currency) is None:
        raise ValueError(f"currency {currency!r} is not a code such as USD")
    # A total return adds the amount to the price: they have to be of one currency.
    price = next((listing.currency for listing in listings() if listing.symbol == symbol), currency)
    if price != currency:
        raise ValueError(f"{symbol} trades in {price}, not in {currency}")
    return currency
