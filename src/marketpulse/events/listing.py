"""Listed symbols: include/symbols.csv, which is also what is watched when the settings name none.

A symbol that another company took over has a row for each, one after the other. A renamed one keeps its row, with its
last day in `valid_to` and the new symbol in `renamed_to`, so that its history keeps a name.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path

_COLUMNS = (
    "symbol", "name", "mic", "calendar", "currency", "fictitious", "sector", "valid_from", "valid_to", "renamed_to",
)  # fmt: skip
_MAY_BE_EMPTY = frozenset({"valid_to", "renamed_to"})


@dataclass(frozen=True, slots=True)
class Listing:
    """One listed share: canonical symbol, listing venue (ISO 10383), calendar of its exchange, currency of its price.

    `fictitious` companies exist in the simulated market only. Valid from the first to the last day on which the symbol
    meant this company, both included; `valid_to` None while it does.
    """

    symbol: str
    name: str
    mic: str
    calendar: str
    currency: str
    fictitious: bool
    sector: str
    valid_from: date
    valid_to: date | None
    renamed_to: str | None


@cache
def listings() -> tuple[Listing, ...]:
    """Every listing that is valid still, sorted by symbol."""
    return tuple(listing for listing in read_listings() if listing.valid_to is None)


def read_listings(path: Path | None = None) -> tuple[Listing, ...]:
    """Every listing of the file, also those of the past, sorted by symbol and first day.

    Raises OperatorError that names the line for what cannot be meant.
    """
    path = path or include_path("symbols.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise OperatorError(f"{path.name} lacks the columns {', '.join(missing)}")
        found = [_read(row, f"{path.name} line {reader.line_num}") for row in reader]
    _refuse_overlaps(path.name, found)
    return tuple(sorted(found, key=lambda listing: (listing.symbol, listing.valid_from)))


def _read(row: dict[str, str], where: str) -> Listing:
    empty = [name for name in _COLUMNS if not row[name] and name not in _MAY_BE_EMPTY]
    if empty:
        raise OperatorError(f"{where}: {', '.join(empty)} may not be empty")
    if row["symbol"] != row["symbol"].strip().upper():
        raise OperatorError(f"{where}: the symbol {row['symbol']!r} is not in upper case")
    listing = Listing(
        symbol=row["symbol"],
        name=row["name"],
        mic=row["mic"],
        calendar=row["calendar"],
        currency=row["currency"],
        fictitious=row["fictitious"] == "yes",
        sector=row["sector"],
        valid_from=_date(row["valid_from"], where),
        valid_to=_date(row["valid_to"], where) if row["valid_to"] else None,
        renamed_to=row["renamed_to"] or None,
    )
    if listing.valid_to is not None and listing.valid_to < listing.valid_from:
        raise OperatorError(f"{where}: {listing.symbol} ends on {listing.valid_to}, before it begins")
    if listing.renamed_to is not None and listing.valid_to is None:
        raise OperatorError(f"{where}: {listing.symbol} was renamed, so its last day is needed")
    return listing


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{where}: {text!r} is not a date: write it as 2026-11-20") from None


def _refuse_overlaps(name: str, found: Iterable[Listing]) -> None:
    by_symbol: dict[str, list[Listing]] = defaultdict(list)
    for listing in found:
        by_symbol[listing.symbol].append(listing)
    for symbol, rows in by_symbol.items():
        rows.sort(key=lambda listing: listing.valid_from)
        for earlier, later in pairwise(rows):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise OperatorError(f"{name}: {symbol} means two companies on {later.valid_from}")
    for listing in found:
        if listing.renamed_to is not None and listing.renamed_to not in by_symbol:
            raise OperatorError(f"{name}: {listing.symbol} was renamed to {listing.renamed_to}, which is not listed")
