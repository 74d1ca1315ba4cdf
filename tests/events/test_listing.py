import re
from datetime import date
from pathlib import Path

import pytest

from marketpulse.errors import OperatorError
from marketpulse.events.listing import listings, read_listings


def test_symbols_are_sorted_unique_and_canonical() -> None:
    symbols = [listing.symbol for listing in listings()]
    assert symbols == sorted(set(symbols))
    assert all(symbol == symbol.strip().upper() for symbol in symbols)
    assert {"AAPL", "MSFT", "GOOGL", "TSLA", "BRK.B", "ZTHN", "ZHLT", "ZSUB"} <= set(symbols)


def test_only_fictitious_companies_have_a_z_in_front() -> None:
    assert all(listing.fictitious == listing.symbol.startswith("Z") for listing in listings())


HEADER = "symbol,name,mic,calendar,currency,fictitious,sector,valid_from,valid_to,renamed_to\n"
LISTED = "ABC,A company,XNYS,XNYS,USD,no,Energy,2010-01-04,,\n"


def test_only_what_is_listed_today_is_watched(tmp_path: Path) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(HEADER + LISTED + "OLD,A company,XNYS,XNYS,USD,no,Energy,2000-01-03,2010-01-03,ABC\n")
    assert [(row.symbol, row.valid_to, row.renamed_to) for row in read_listings(file)] == [
        ("ABC", None, None),
        ("OLD", date(2010, 1, 3), "ABC"),
    ]
    assert all(listing.valid_to is None for listing in listings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("symbol,name\nABC,A\n", "lacks the columns mic, calendar"),
        (HEADER + "ABC,,XNYS,XNYS,USD,no,Energy,2010-01-04,,\n", "line 2: name may not be empty"),
        (HEADER + LISTED.replace("ABC", "abc"), "'abc' is not in upper case"),
        (HEADER + LISTED.replace("2010-01-04", "4.1.2010"), "'4.1.2010' is not a date"),
        (HEADER + LISTED.replace(",,", ",2009-01-02,"), "ABC ends on 2009-01-02, before it begins"),
        (HEADER + LISTED + LISTED, "ABC means two companies on 2010-01-04"),
        (HEADER + LISTED.replace(",,", ",,NEW"), "ABC was renamed, so its last day is needed"),
        (HEADER + LISTED.replace(",,", ",2012-01-02,NEW"), "renamed to NEW, which is not listed"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(text)
    with pytest.raises(OperatorError, match=re.escape(message)):
        read_listings(file)
