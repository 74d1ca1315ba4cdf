"""The symbols watched when the settings name none: include/symbols.csv."""

import csv
from dataclasses import dataclass
from functools import cache

from marketpulse.resources import include_path


@dataclass(frozen=True, slots=True)
class Listing:
    """One listed share: canonical symbol, listing venue (ISO 10383), calendar of its exchange, currency of its price.

    `fictitious` companies exist in the simulated market only.
    """

    symbol: str
    name: str
    mic: str
    calendar: str
    currency: str
    fictitious: bool


@cache
def listings() -> tuple[Listing, ...]:
    """Every listing of the file, sorted by symbol."""
    with include_path("symbols.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Listing(
                symbol=row["symbol"],
                name=row["name"],
                mic=row["mic"],
                calendar=row["calendar"],
                currency=row["currency"],
                fictitious=row["fictitious"] == "yes",
            )
            for row in csv.DictReader(lines)
        )
