"""The sale conditions that generated trades carry, and what each lets a trade do to a bar."""

from dataclasses import dataclass

import numpy as np

from marketpulse.simulator.rows import CLOSING, NO_AUCTION, OPENING
from marketpulse.simulator.wire import conditions_text

# A kind of sale: an index into SALES. The first eight are made of flags.
SWEEP, EXTENDED, ODD_LOT = 1, 2, 4
OPENING_PRINT, CLOSING_PRINT, OPEN_REPORT, CLOSE_REPORT = 8, 9, 10, 11


@dataclass(frozen=True, slots=True)
class Sale:
    """Condition letters after the regular-sale sign, and their effect on volume, prices and auctions."""

    letters: tuple[str, ...]
    adds_volume: bool = True
    sets_price: bool = True
    auction: int = NO_AUCTION


def _flagged(flags: int) -> Sale:
    letters = tuple(letter for flag, letter in ((SWEEP, "F"), (EXTENDED, "T"), (ODD_LOT, "I")) if flags & flag)
    return Sale(letters, sets_price=not flags & ODD_LOT)


SALES = (
    *(_flagged(flags) for flags in range(8)),
    Sale(("O",), auction=OPENING),
    Sale(("6",), auction=CLOSING),
    Sale(("Q",), adds_volume=False, sets_price=False),
    Sale(("M",), adds_volume=False, sets_price=False),
)
ADDS_VOLUME = np.array([sale.adds_volume for sale in SALES])
SETS_PRICE = np.array([sale.sets_price for sale in SALES])
AUCTION = np.array([sale.auction for sale in SALES], dtype=np.uint8)


def sale_texts(tape: str) -> tuple[str, ...]:
    """The JSON condition list of every kind of sale: tape C marks a regular sale `@`, tapes A and B a blank."""
    regular = "@" if tape == "C" else " "
    return tuple(conditions_text((regular, *sale.letters)) for sale in SALES)
