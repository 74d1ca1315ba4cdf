"""Which trades may add volume, set a high, a low, an open or a close, and which are the auctions of the day.

The rules are data: include/trade_conditions/<table>.csv, described in the README beside it. `tape` and `replay`
(recorded files) and every other feed without a table count each trade;
its adapter marks such an event `conditions_unmapped`.
"""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, cast

from marketpulse.events.event import SessionPart, Trade
from marketpulse.resources import include_path

Auction = Literal["open", "close", "open_report", "close_report", "close_correction"]
BarSessionPart = Literal["pre", "regular", "post"]

UNMAPPED_FLAG = "conditions_unmapped"
_TABLES = {"sip": "sip", "delayed_sip": "sip", "iex": "sip", "round_the_clock": "sip"}
_BAR_PARTS: dict[SessionPart, BarSessionPart] = {"pre": "pre", "regular": "regular", "post": "post"}
_AUCTIONS: tuple[Auction, ...] = ("close_correction", "open_report", "close_report", "open", "close")


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What a trade does to its minute. `bar_session_part` None: it belongs to no bar.

    `auction` open and close are the auction prints; the reports give the official price and nothing else, a correction
    in place of any close before it.
    """

    adds_volume: bool
    sets_high_low: bool
    sets_open_close: bool
    auction: Auction | None
    bar_session_part: BarSessionPart | None


@dataclass(frozen=True, slots=True)
class _Rule:
    tapes: str
    adds_volume: bool
    sets_high_low: bool
    sets_open_close: bool
    role: str


_UNKNOWN = _Rule("", adds_volume=True, sets_high_low=False, sets_open_close=False, role="")


def is_mapped(feed: str) -> bool:
    """Whether the feed has a table of conditions."""
    return feed in _TABLES


def eligibility(trade: Trade) -> Eligibility:
    """What this trade does to its bar."""
    return eligibility_of(trade.feed, trade.conditions, tape=trade.tape, session_part=trade.session_part)


@lru_cache(maxsize=65_536)
def eligibility_of(
    feed: str, conditions: tuple[str, ...], *, tape: str | None, session_part: SessionPart
) -> Eligibility:
    """The same for a trade in parts; the order and repetition of the conditions do not matter."""
    part = _BAR_PARTS.get(session_part)
    if not is_mapped(feed):
        return Eligibility(True, True, True, None, part)
    rules = [rule for code in conditions for rule in _rules(_TABLES[feed], code, tape)]
    priced = [rule for rule in rules if not (rule.role == "extended_hours" and part in {"pre", "post"})]
    roles = {rule.role for rule in rules}
    auction = next((name for name in _AUCTIONS if name in roles), None)
    return Eligibility(
        adds_volume=all(rule.adds_volume for rule in rules),
        sets_high_low=all(rule.sets_high_low for rule in priced),
        sets_open_close=all(rule.sets_open_close for rule in priced),
        auction=auction,
        # The closing print comes a moment after the bell and is still the last trade of the regular part.
        bar_session_part="regular" if auction and part else part,
    )


def _rules(table: str, code: str, tape: str | None) -> list[_Rule]:
    known = _table(table).get(code, [])
    return [rule for rule in known if not tape or tape in rule.tapes] or [_UNKNOWN]


@cache
def _table(name: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    with include_path(f"trade_conditions/{name}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rule = _Rule(
                tapes=row["tape"],
                adds_volume=_flag(row["adds_volume"]),
                sets_high_low=_flag(row["sets_high_low"]),
                sets_open_close=_flag(row["sets_open_close"]),
                role=row["role"],
            )
            rules.setdefault(row["code"], []).append(rule)
    return rules


def _flag(text: str) -> bool:
    return {"yes": True, "no": False}[cast("Literal['yes', 'no']", text)]
