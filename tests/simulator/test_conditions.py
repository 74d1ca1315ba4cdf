"""The market's own idea of a sale's effect is the pipeline's."""

import pytest

from marketpulse.events.conditions import eligibility_of
from marketpulse.events.event import SessionPart
from marketpulse.simulator.conditions import EXTENDED, SALES
from marketpulse.simulator.rows import CLOSING, NO_AUCTION, OPENING


@pytest.mark.parametrize("tape", ["A", "B", "C"])
@pytest.mark.parametrize("kind", range(len(SALES)))
def test_every_kind_of_sale_does_what_the_condition_table_says(kind: int, tape: str) -> None:
    sale = SALES[kind]
    in_hours = kind >= 8 or not kind & EXTENDED
    part: SessionPart = "regular" if in_hours else "post"
    theirs = eligibility_of("sip", ("@" if tape == "C" else " ", *sale.letters), tape=tape, session_part=part)
    assert (theirs.adds_volume, theirs.sets_high_low) == (sale.adds_volume, sale.sets_price)
    assert theirs.sets_open_close == sale.sets_price
    auctions = {"open": OPENING, "close": CLOSING}
    assert auctions.get(theirs.auction or "", NO_AUCTION) == sale.auction
